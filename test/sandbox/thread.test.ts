/** What a transform gets and may print, how it is loaded, and how long it may take. */
import { describe, expect, it } from '@jest/globals';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { event, sandboxed } from '../support/sandbox.ts';
import { until } from '../../tools/driver/until.ts';

describe('loading', () => {
  const fine = 'export default (event) => event;';

  it.each([
    ['throws', `throw new RangeError('too small'); ${fine}`, 'RangeError: too small'],
    ['exits', `process.exit(7); ${fine}`, 'process.exit(7) ended the thread'],
    ['loops', `for (;;); ${fine}`, 'the module had not loaded after 0.5 seconds'],
    [
      'never settles',
      `await new Promise((done) => setTimeout(done, 1e6)); ${fine}`,
      'the module had not loaded after 0.5 seconds',
    ],
    [
      'eats memory',
      `const kept = []; for (;;) kept.push(new Array(1e5).fill(1)); ${fine}`,
      'the transform used more than 64 MB of memory',
    ],
    [
      'exports nothing',
      `export const other = 1;`,
      'Error: the module exports no function; write `export default function (event) { ... }`',
    ],
    ['is not JavaScript', `export default (`, /^SyntaxError: /],
    ['imports a missing module', `import 'nowhere-to-be-found'; ${fine}`, /^Error: .*nowhere-to-be-found/],
    [
      'throws a value that cannot be formatted',
      `throw Object.create(null); ${fine}`,
      'threw [Object: null prototype] {}',
    ],
  ] as const)('a module that %s does not load, and is tried again each time', async (_, source, error) => {
    const loadTimeout = source.includes('kept') || !String(error).includes('loaded after') ? 20_000 : 500;
    const { run, sandbox } = sandboxed(source, { loadTimeout });
    for (let i = 0; i < 2; i += 1) {
      const crash = await sandbox.check();
      expect(crash?.kind).toBe('load');
      if (typeof error === 'string') expect(crash?.error).toBe(error);
      else expect(crash?.error).toMatch(error);
    }
    const runs = await Promise.all([run([event('a')]), run([event('b')])]);
    for (const { made, ended } of runs) {
      expect(made).toEqual([]);
      expect(ended).toMatchObject({ kind: 'crash', crash: { kind: 'load' } });
    }
  });

  it('uses the default export, or one that is called transform', async () => {
    const { run } = sandboxed(`export const transform = (event) => ({ ...event, by: 'name' });`);
    expect((await run([event('a')])).made).toEqual([[event('a', { by: 'name' })]]);
  });

  it('begins before the first message', async () => {
    const { sandbox, logs } = sandboxed(`console.log('loaded'); ${fine}`);
    sandbox.start();
    await until('the module to be loaded', () => logs.length > 0);
  });
});

describe('a transform gets', () => {
  it('its context, its environment, and nothing else', async () => {
    process.env['SLUICE_TEST_SECRET'] = 'must stay hidden';
    const { run } = sandboxed(
      `export default (event, context) => ({ ...event, context, env: process.env, args: process.argv.length });`,
      { env: { MODE: 'live' }, secrets: () => Promise.resolve({ KEY: 'abc' }), destination: 'crm' },
    );
    const { made } = await run([event('a')], { sourceId: 'web', receivedAt: '2026-01-02T03:04:05.678Z' });
    expect(made[0]?.[0]).toMatchObject({
      context: {
        source: 'web',
        destination: 'crm',
        receivedAt: '2026-01-02T03:04:05.678Z',
        secrets: { KEY: 'abc' },
      },
      env: { MODE: 'live', KEY: 'abc' },
    });
    expect(Object.keys(made[0]?.[0]?.['env'] as object).sort()).toEqual(['KEY', 'MODE']);
  });

  it('new values of its secrets, without a new thread', async () => {
    let value = 'old';
    const { run } = sandboxed(
      `let n = 0; export default (event, { secrets }) => ({ ...event, ...secrets, n: (n += 1) });`,
      {
        secrets: () => Promise.resolve({ key: value }),
      },
    );
    expect((await run([event('a')])).made[0]).toEqual([event('a', { key: 'old', n: 1 })]);
    value = 'new';
    expect((await run([event('b')])).made[0]).toEqual([event('b', { key: 'new', n: 2 })]);
  });

  it('no secrets if AWS fails, which is a fault and not a crash', async () => {
    const { run, sandbox } = sandboxed('export default (event) => event;', {
      secrets: () => Promise.reject(new InfraFault('denied')),
    });
    await expect(run([event('a')])).rejects.toThrow(InfraFault);
    await expect(sandbox.check()).rejects.toThrow(InfraFault);
  });

  it('a copy of the event: changes to the argument affect nothing else', async () => {
    const { run } = sandboxed(
      `export default (event) => { const { id } = event; event.messageId = 'x'; delete event.a; return { id }; };`,
    );
    const given = event('a', { a: { b: 1 }, id: 'kept' });
    expect((await run([given])).made).toEqual([[{ messageId: 'a', id: 'kept' }]]);
    expect(given).toEqual(event('a', { a: { b: 1 }, id: 'kept' }));
  });
});

describe('output', () => {
  it.each([
    ['console.log', `console.log('hello', { a: 1 })`, 'info', 'hello { a: 1 }'],
    ['console.error', `console.error('oh')`, 'warn', 'oh'],
    ['stdout', `process.stdout.write('hello\\n')`, 'info', 'hello'],
    ['stderr', `process.stderr.write(Buffer.from('hello'))`, 'warn', 'hello'],
    ['fs.writeSync', `fs.writeSync(1, 'hello\\n')`, 'info', 'hello'],
    ['fs.write', `fs.write(2, 'hello\\n', () => {})`, 'warn', 'hello'],
    [
      'an embedded metric',
      `console.log(JSON.stringify({ _aws: { CloudWatchMetrics: [] } }))`,
      'info',
      '{"_aws":{"CloudWatchMetrics":[]}}',
    ],
    ['process._rawDebug', `process._rawDebug('hello')`, 'warn', 'hello'],
    ['log of the context', `context.log('hello', { a: [1] })`, 'info', 'hello'],
  ] as const)('by %s is a line of its event', async (_, statement, level, text) => {
    const { run, logs } = sandboxed(
      `import fs from 'node:fs'; export default async (event, context) => { await 1; ${statement}; return event; };`,
    );
    expect((await run([event('a')])).ended).toBeUndefined();
    expect(logs).toEqual([expect.objectContaining({ level, text, eventId: 'a' })]);
  });

  it('has one line per call, up to a limit for each event', async () => {
    const { run, logs } = sandboxed(`export default (event) => {
      console.log('one\\ntwo\\n\\nthree'); for (let i = 0; i < 100; i += 1) console.log(i); console.log('x'.repeat(10_000)); return event; };`);
    await run([event('a')]);
    expect(logs.map(({ text }) => text).slice(0, 4)).toEqual(['one', 'two', 'three', '0']);
    expect(logs).toHaveLength(20);
    expect(logs.at(-1)?.text).toMatch(/left out/);
    await run([event('b')]);
    expect(logs).toHaveLength(40);
  });

  it('is not lost when the thread ends right after it', async () => {
    const { run, logs } = sandboxed(`export default () => { console.log('last'); process.exit(1); };`);
    await run([event('a')]);
    expect(logs.map(({ text }) => text)).toEqual(['last']);
  });
});

describe('time', () => {
  it('allows no event to start after its end, and the result says how far the run came', async () => {
    const { run } = sandboxed(
      `export default async (event) => { await new Promise((done) => setTimeout(done, 100)); return event; };`,
    );
    // The thread has started then.
    await run([event('first')]);
    const events = Array.from({ length: 40 }, (_, i) => event(`e${i}`));
    const { made, ended } = await run(events, { time: 1_500 });
    expect(ended).toEqual({ kind: 'no time' });
    expect(made.length).toBeGreaterThan(1);
    expect(made.length).toBeLessThan(17);
  });

  it('allows no event to start if it is used up', async () => {
    const { run, sandbox } = sandboxed(`export default (event) => event;`);
    await sandbox.check();
    expect(await run([event('a')], { time: -1 })).toEqual({ made: [], ended: { kind: 'no time' } });
  });

  it('also ends for events that wait while a module loads', async () => {
    const { run } = sandboxed(
      `await new Promise((done) => setTimeout(done, 1_500)); export default (event) => event;`,
    );
    expect(await run([event('a')], { time: 200 })).toEqual({ made: [], ended: { kind: 'no time' } });
  });

  it('is shared: a long synchronous run lets others run, and is not taken for a loop', async () => {
    const { run } = sandboxed(
      `export default (event) => { const end = performance.now() + 60; while (performance.now() < end); return event; };`,
      { timeout: 300 },
    );
    const long = Array.from({ length: 15 }, (_, i) => event(`e${i}`));
    const runs = await Promise.all([run(long), run([event('short')])]);
    for (const { ended } of runs) expect(ended).toBeUndefined();
  });
});

it('is shared: more jobs than a thread accepts wait for their turn', async () => {
  const { run } = sandboxed(
    `export default async (event) => { await new Promise((done) => setTimeout(done, 5)); return event; };`,
  );
  const runs = await Promise.all(Array.from({ length: 50 }, (_, i) => run([event(`e${i}`)])));
  expect(runs.map(({ made }) => made[0]?.[0]?.messageId)).toEqual(
    Array.from({ length: 50 }, (_, i) => `e${i}`),
  );
});
