/** Sends mutated requests to ingest, in process and over HTTP, and looks at the answers. */
import { request as httpRequest } from 'node:http';
import { Dice } from '../../tools/driver/dice.ts';
import { LocalRun } from '../../tools/driver/local-run.ts';
import { proxyEvent, setUp } from '../lambdas/ingest/fakes.ts';
import { DIRECTORY, readFixtures, SERVERS, type Fixture } from '../sdk/fixture.ts';
import { mutate, type MutatedRequest } from './mutate.ts';

/** A request that is not answered for so long counts as unanswered, milliseconds. */
const UNANSWERED = 30_000;
/** Bytes by which the heap may be larger at the end than after the first tenth. */
const GROWTH = 32 * 1024 * 1024;
const CONCURRENCY = 4;

export interface Fuzzed {
  readonly requests: number;
  /** By status: how many answers. */
  readonly statuses: ReadonlyMap<number, number>;
  /** What must not happen, a line each; with the seed of the request. */
  readonly violations: readonly string[];
}

export type Send = (request: MutatedRequest) => Promise<number>;

export const corpus = (): readonly [Fixture, ...Fixture[]] => {
  const [first, ...others] = [...readFixtures(DIRECTORY), ...readFixtures(SERVERS)];
  if (first === undefined) throw new Error(`there are no fixtures in ${DIRECTORY}`);
  return [first, ...others];
};

const withLimit = async (work: Promise<number>, limit: number): Promise<number> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer in ${limit / 1000} s`));
    }, limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Each request has a seed of its own, `from` and the numbers after it: one can be sent again alone. */
export const fuzz = async (
  {
    from,
    requests,
    concurrency,
  }: { readonly from: number; readonly requests: number; readonly concurrency: number },
  send: Send,
): Promise<Fuzzed> => {
  const fixtures = corpus();
  const statuses = new Map<number, number>();
  const violations: string[] = [];
  let next = from;
  const work = async (): Promise<void> => {
    while (next < from + requests) {
      const seed = next;
      next += 1;
      const request = mutate(new Dice(seed), fixtures);
      const name = `seed ${seed}: ${request.method} ${request.path}`;
      try {
        const status = await withLimit(send(request), UNANSWERED);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500) violations.push(`${name}: answered ${status}`);
      } catch (error) {
        violations.push(`${name}: ${String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { requests, statuses, violations };
};

/** @returns a handler of ingest in this process that keeps nothing; an error in its log is a failure of the request */
export const inProcess = (): Send => {
  let errors: string[] = [];
  const { ingest } = setUp({
    sender: { send: (messages) => Promise.resolve(messages.map(() => ({ ok: true }))) },
    log: (level, message, fields) => {
      if (level === 'error') errors.push(`${message} ${JSON.stringify(fields)}`);
    },
    emitMetrics: () => undefined,
  });
  return async ({ method, path, query, headers, body }) => {
    errors = [];
    const { statusCode } = await ingest(
      proxyEvent({
        method,
        path,
        headers,
        ...(query === undefined ? {} : { query }),
        ...(body === undefined ? {} : { body }),
      }),
    );
    if (errors.length > 0) throw new Error(errors.join('; '));
    return statusCode;
  };
};

/** Bytes in use after a collection; undefined without `--expose-gc`. */
const heap = (): number | undefined => {
  if (globalThis.gc === undefined) return undefined;
  globalThis.gc();
  return process.memoryUsage().heapUsed;
};

/** Also whether memory grows. */
export const fuzzInProcess = async (from: number, requests: number): Promise<Fuzzed> => {
  const send = inProcess();
  const first = Math.ceil(requests / 10);
  const warm = await fuzz({ from, requests: first, concurrency: 1 }, send);
  const before = heap();
  const rest = await fuzz({ from: from + first, requests: requests - first, concurrency: 1 }, send);
  const after = heap();
  const grown = before === undefined || after === undefined ? 0 : after - before;
  const statuses = new Map(warm.statuses);
  for (const [status, count] of rest.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
  return {
    requests,
    statuses,
    violations: [
      ...warm.violations,
      ...rest.violations,
      ...(grown > GROWTH ? [`the heap grew by ${Math.round(grown / 1024 / 1024)} MB`] : []),
    ],
  };
};

/** Characters that Node's client refuses in a header's value. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/g;

const overHttp =
  (base: string): Send =>
  ({ method, path, query, headers, body }) =>
    new Promise((resolve, reject) => {
      const url = new URL(base);
      const sent = httpRequest(
        {
          host: url.hostname,
          port: url.port,
          method,
          path: query === undefined ? path : `${path}?${query}`,
          headers: {
            ...Object.fromEntries(
              Object.entries(headers)
                .filter(([name]) => !/^(host|connection|content-length|transfer-encoding)$/i.test(name))
                .map(([name, value]) => [name, value.replace(UNSENDABLE, '')]),
            ),
            ...(body === undefined ? {} : { 'Content-Length': String(body.length) }),
          },
        },
        (response) => {
          response.resume();
          response.on('end', () => {
            resolve(response.statusCode ?? 0);
          });
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });

/** Through a local run with the deployed template and bundles; afterwards it must still accept a good event. */
export const fuzzOverHttp = async (from: number, requests: number): Promise<Fuzzed> => {
  const run = new LocalRun({
    config: { sources: [{ id: 'web', writeKey: 'local-write-key' }], destinations: [] },
    apart: true,
  });
  try {
    await run.start();
    const send = overHttp(run.dataPlaneUrl);
    const fuzzed = await fuzz({ from, requests, concurrency: CONCURRENCY }, send);
    const status = await send({
      method: 'POST',
      path: '/v1/track',
      query: undefined,
      headers: { Authorization: `Basic ${Buffer.from('local-write-key:').toString('base64')}` },
      body: Buffer.from('{"userId":"good","event":"after"}'),
    });
    const violations = status === 200 ? [] : [`a good event is answered ${status} afterwards`];
    return { ...fuzzed, violations: [...fuzzed.violations, ...violations] };
  } finally {
    await run.remove();
  }
};
