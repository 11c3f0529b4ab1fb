/** The program that runs a function's transform outside of its function, as the command line and synthesis run it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DeliverBundle, RouterBundle, TransformBundle } from '../../contract/bundle.ts';
import type { CheckAnswer, CheckRequest } from '../../contract/transform-check.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { buildCode, checkProgram, type HandlerName } from '../../lib/code.ts';
import { removeDirectories, temporaryDirectory } from './synth.ts';

const root = temporaryDirectory();
const program = path.join(root, 'check.mjs');
beforeAll(() => writeFileSync(program, checkProgram()));
afterAll(removeDirectories);

const TIMING = { routerTimeout: 30_000, deliverTimeout: 60_000 };
const LIMITS: TransformBundle = { timeout: 3_000, memory: 32, env: {}, secrets: {} };
let functions = 0;

/** @returns the directory of the function's files */
const functionOf = (source: string, more: object = {}, handler: HandlerName = 'router'): string => {
  functions += 1;
  const baseDir = path.join(root, `config-${functions}`);
  const directory = path.join(root, `function-${functions}`);
  mkdirSync(path.join(baseDir, 'transforms'), { recursive: true });
  mkdirSync(directory);
  const file = path.join(baseDir, 'transforms', 'all.ts');
  writeFileSync(file, source);
  const bundle = { timing: TIMING, transform: LIMITS, ...more } as Partial<RouterBundle & DeliverBundle>;
  const { files } = buildCode(handler, bundle, { baseDir, where: 'test' }, { file, key: 'transform' });
  for (const [name, contents] of files) writeFileSync(path.join(directory, name), contents);
  return directory;
};

const eventOf = (messageId: string, more: object = {}) => ({
  event: { messageId, ...more },
  source: 'web',
  receivedAt: '2026-01-01T00:00:00.000Z',
});

const check = async (directory: string, request: Partial<CheckRequest> = {}): Promise<CheckAnswer> => {
  const { stdout } = await runProcess(process.execPath, [program, directory], {
    input: JSON.stringify({ events: [], secrets: {}, ...request }),
    deadlineMs: 30_000,
    env: { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512' },
  });
  return JSON.parse(stdout) as CheckAnswer;
};

describe('the check program', () => {
  it('gives the outputs of each event, by its id, and what it printed', async () => {
    const directory = functionOf(`
      console.log('loading');
      export default (event: { messageId: string; n?: number }, context: { log: (text: string, fields?: object) => void }) => {
        if (event.n === undefined) return null;
        console.error('event', event.n);
        context.log('fields', { n: event.n });
        return Array.from({ length: event.n }, (_, i) => ({ i }));
      };`);
    const events = [eventOf('two', { n: 2 }), eventOf('none'), eventOf('one', { n: 1 })];
    const printed = (n: number) => [
      { level: 'warn', text: `event ${n}` },
      { level: 'info', text: 'fields', fields: `{"n":${n}}` },
    ];
    expect(await check(directory, { events })).toEqual({
      runs: [
        {
          eventId: 'two',
          outputs: [
            { i: 0, messageId: 'two' },
            { i: 1, messageId: 'two:1' },
          ],
          printed: printed(2),
        },
        { eventId: 'none', outputs: [], printed: [] },
        { eventId: 'one', outputs: [{ i: 0, messageId: 'one' }], printed: printed(1) },
      ],
      printed: [{ level: 'info', text: 'loading' }],
      late: [],
    });
  });

  it('gives each crash with its kind and its place in the source; the events after it run', async () => {
    const directory = functionOf(`
interface Event { messageId: string; how: string }
const all: unknown[] = [];
export default (event: Event): unknown => {
  if (event.how === 'throw') throw new Error('a curse');
  if (event.how === 'exit') process.exit(3);
  if (event.how === 'loop') for (;;);
  if (event.how === 'memory') for (;;) all.push(new Array(100_000).fill(event));
  return event;
};`);
    const kinds = ['throw', 'exit', 'loop', 'memory', 'fine'];
    const { runs } = await check(directory, { events: kinds.map((how) => eventOf(how, { how })) });
    expect(runs.map(({ eventId, crash }) => [eventId, crash?.kind, crash?.error, crash?.eventId])).toEqual([
      ['throw', 'throw', 'Error: a curse', 'throw'],
      ['exit', 'exit', 'process.exit(3) ended the thread', 'exit'],
      ['loop', 'timeout', 'the transform took longer than 3 seconds for an event', 'loop'],
      ['memory', 'memory', 'the transform used more than 32 MB of memory', 'memory'],
      ['fine', undefined, undefined, undefined],
    ]);
    expect(runs[0]?.crash?.stack).toMatch(/^Error: a curse\n +at .*\btransforms\/all\.ts:5:36\)?$/);
    expect(runs[1]?.crash?.stack).toMatch(/\n +at .*\btransforms\/all\.ts:6:\d+\)?$/);
    expect(runs[4]?.outputs).toEqual([{ messageId: 'fine', how: 'fine' }]);
  });

  it('names a leak that no event is convicted of', async () => {
    const directory = functionOf(`
const all: unknown[] = [];
export default (event: object): object => {
  all.push(new Array(4_000_000).fill(event));
  return event;
};`);
    const events = Array.from({ length: 12 }, (_, i) => eventOf(`e-${i}`));
    const { runs } = await check(directory, { events });
    expect(runs.filter(({ crash }) => crash !== undefined)).toEqual([]);
    expect(runs.flatMap(({ printed }) => printed)).toContainEqual({
      level: 'warn',
      text: expect.stringMatching(/^the thread ran out of memory after \d+ events, .*: look for a leak$/),
    });
  });

  it('waits a moment for what fails late, the last event too, and names the event', async () => {
    const directory = functionOf(`
export default (event: { messageId: string }): object => {
  setTimeout(() => { throw new Error('too late for ' + event.messageId); }, 50);
  setInterval(() => undefined, 10);
  return event;
};`);
    const { runs, late } = await check(directory, { events: [eventOf('a'), eventOf('b')] });
    expect(runs.every(({ outputs }) => outputs?.length === 1)).toBe(true);
    expect(late.map(({ kind, error, eventId }) => [kind, error, eventId])).toEqual([
      ['late', 'Error: too late for a', 'a'],
      ['late', 'Error: too late for b', 'b'],
    ]);
    expect(late[0]?.stack).toMatch(/transforms\/all\.ts:3:28/);
  });

  it("gives the transform its function's environment, the secrets that are given, and its context", async () => {
    const source = `export default (_: object, context: object) => ({ env: process.env, ...context });`;
    const transform: TransformBundle = {
      ...LIMITS,
      env: { REGION: 'eu' },
      secrets: { KEY: { secretName: 'crm/key' }, OTHER: { secretName: 'crm/other' } },
    };
    const secrets = { 'crm/key': 'sesame', 'not/its': 'own' };
    const values = { KEY: 'sesame', OTHER: 'not available while transforms are checked' };
    const made = (more: object) => [
      {
        messageId: 'a',
        env: { REGION: 'eu', ...values },
        source: 'web',
        receivedAt: '2026-01-01T00:00:00.000Z',
        secrets: values,
        ...more,
      },
    ];
    const events = [eventOf('a')];
    const router = functionOf(source, { transform });
    expect((await check(router, { events, secrets })).runs[0]?.outputs).toEqual(made({}));
    const deliver = functionOf(source, { transform, destination: { id: 'crm' } }, 'deliver');
    expect((await check(deliver, { events, secrets })).runs[0]?.outputs).toEqual(
      made({ destination: 'crm' }),
    );
  });

  it('runs nothing when the module does not load', async () => {
    const directory = functionOf(`console.log('before'); throw new Error('no'); export default null;`);
    expect(await check(directory, { events: [eventOf('a')] })).toEqual({
      load: {
        kind: 'load',
        error: 'Error: no',
        stack: 'Error: no\n    at transforms/all.ts:1:30',
      },
      runs: [],
      printed: [{ level: 'info', text: 'before' }],
      late: [],
    });
  });

  it('ends although the thread is in a call that does not return', async () => {
    const directory = functionOf(`
import { execSync } from 'node:child_process';
export default () => execSync('sleep 60');`);
    const begun = Date.now();
    const { runs } = await check(directory, { events: [eventOf('a')] });
    expect(runs[0]?.crash?.kind).toBe('timeout');
    expect(Date.now() - begun).toBeLessThan(50_000);
  });
});
