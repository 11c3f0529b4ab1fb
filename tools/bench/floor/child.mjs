/**
 * A process that is measured: it loads a function's code and, when it is told to, handles requests. Its standard output, where the function's
 * lines go, leads nowhere.
 */
import { pathToFileURL } from 'node:url';

const spent = (from) => {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1_000;
};

const began = performance.now();
const before = process.cpuUsage();
const { handler } = await import(pathToFileURL(process.argv[2]).href);
const start = { milliseconds: performance.now() - began, processor: spent(before) };
process.send({ start: { ...start, memoryBytes: process.memoryUsage.rss() } });

/** @returns processor time of each, in milliseconds */
const measure = async ({ requests, bodies, calls }) => {
  let from = process.cpuUsage();
  for (let call = 0; call < calls; call += 1) {
    const { statusCode } = await handler(requests[call % requests.length]);
    if (statusCode !== 200) throw new Error(`ingest answered ${statusCode}`);
  }
  const ingest = spent(from);
  let written = 0;
  from = process.cpuUsage();
  for (let call = 0; call < calls; call += 1)
    written += JSON.stringify(JSON.parse(bodies[call % bodies.length])).length;
  return { ingest, floor: written === 0 ? NaN : spent(from) };
};

// Nobody is left to be told.
process.on('disconnect', () => process.exit());
process.on('message', (work) => {
  measure(work).then(
    (measured) => process.send({ measured }),
    (error) => process.send({ error: String(error) }),
  );
});
