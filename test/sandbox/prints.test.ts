/** Whatever way a transform takes to the standard streams: it is a line of its event, and never a metric. */
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { log } from '../../lambdas/aws/log.ts';
import { readEmf } from '../../local/cloudwatch/emf.ts';
import { event, sandboxed } from '../support/sandbox.ts';

const directive = { Namespace: 'Sluice', Dimensions: [[]], Metrics: [{ Name: 'DegradedMode' }] };
const METRIC = JSON.stringify({
  _aws: { Timestamp: 1, CloudWatchMetrics: [directive] },
  DegradedMode: 1,
});

let lines: string[];
beforeEach(() => {
  lines = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
});
afterEach(() => {
  jest.restoreAllMocks();
});

it.each([
  ['console.log', 'console.log(line)'],
  ['console.error', 'console.error(line)'],
  ['stdout', 'process.stdout.write(line)'],
  ['stdout, as bytes', 'process.stdout.write(Buffer.from(line))'],
  ['fs.writeSync', 'fs.writeSync(1, line)'],
  ['fs.writev', 'fs.writev(1, [Buffer.from(line)], () => {})'],
  ['fs.writeFileSync', 'fs.writeFileSync(1, line)'],
  ['fs.writeFileSync, as bytes', 'fs.writeFileSync(1, Buffer.from(line))'],
  ['fs.writeFileSync to a path', `fs.writeFileSync('/dev/stdout', line)`],
  ['an imported writeFileSync', 'writeFileSync(2, line)'],
  ['fs.appendFileSync', 'fs.appendFileSync(2, line)'],
  ['fs.writeFile', 'await new Promise((done) => fs.writeFile(1, line, done))'],
  ['fs.promises', `await fs.promises.appendFile('/dev/stderr', line)`],
  ['an imported promise', `await writeFile('/proc/self/fd/1', line)`],
  ['a stream of a descriptor', 'fs.createWriteStream(null, { fd: 1 }).write(line)'],
  ['process._rawDebug', 'process._rawDebug(line)'],
  ['the log of the context', 'context.log(metric, JSON.parse(metric))'],
])('by %s', async (_, statement) => {
  const { run, logs } = sandboxed(`
    import fs, { writeFileSync } from 'node:fs';
    import { writeFile } from 'node:fs/promises';
    const metric = ${JSON.stringify(METRIC)};
    const line = metric + '\\n';
    export default async (event, context) => { ${statement}; await new Promise((done) => setTimeout(done, 20)); return event; };
  `);
  expect((await run([event('a')])).ended).toBeUndefined();
  expect(logs).toEqual([expect.objectContaining({ text: METRIC, eventId: 'a' })]);
  for (const { level, text, eventId, fields } of logs) {
    const more = fields === undefined ? {} : { fields: JSON.parse(fields) as unknown };
    log(level, text, { source: 'transform', stage: 'router', eventId, ...more });
  }
  expect(readEmf(METRIC)).toHaveLength(1);
  expect(lines.flatMap((line) => readEmf(line))).toEqual([]);
  expect(lines).toHaveLength(1);
});

it('a file that is a standard stream leads nowhere when it is opened', async () => {
  const { run } = sandboxed(`
    import fs from 'node:fs';
    const nowhere = fs.statSync('/dev/null').rdev;
    const opened = (path) => { const fd = fs.openSync(path, 'w'); const { rdev } = fs.fstatSync(fd); fs.closeSync(fd); return rdev === nowhere; };
    export default async (event) => {
      const paths = ['/dev/stdout', '/dev/stderr', '/dev/fd/1', '/proc/self/fd/2'].map(opened);
      const handle = await fs.promises.open('/dev/stdout', 'w');
      const { rdev } = await handle.stat();
      await handle.close();
      return { ...event, blocked: [...paths, rdev === nowhere] };
    };
  `);
  const { made } = await run([event('a')]);
  expect(made).toEqual([[event('a', { blocked: [true, true, true, true, true] })]]);
});

it('a file of its own is written as it is', async () => {
  const { run, logs } = sandboxed(`
    import fs from 'node:fs';
    import { join } from 'node:path';
    import { tmpdir } from 'node:os';
    export default async (event) => {
      const path = join(fs.mkdtempSync(join(tmpdir(), 'prints-')), 'file');
      fs.writeFileSync(path, 'one');
      await fs.promises.appendFile(path, ', two');
      return { ...event, text: fs.readFileSync(path, 'utf8') };
    };
  `);
  expect((await run([event('a')])).made).toEqual([[event('a', { text: 'one, two' })]]);
  expect(logs).toEqual([]);
});
