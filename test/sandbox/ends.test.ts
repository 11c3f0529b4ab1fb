/** An event that ends its thread is charged alone; the other events are finished in the same run. */
import { describe, expect, it } from '@jest/globals';
import { event, sandboxed } from '../support/sandbox.ts';

/** What an event does, by its `how`; the other events wait for a moment, so that many are in hand. */
const transform = (neighbours: 'sync' | 'async'): string => `
  const later = (ms = 20) => new Promise((done) => setTimeout(done, ms));
  const ends = {
    throw: () => { throw new TypeError('a mistake'); },
    exit: () => process.exit(3),
    reallyExit: () => process.reallyExit(4),
    loop: () => { for (;;); },
    memory: () => { const kept = []; for (;;) kept.push(new Array(1e5).fill(kept.length)); },
    'late throw': async () => { await later(); throw new TypeError('a mistake'); },
    'late exit': async () => { await later(); process.exit(3); },
    'late loop': async () => { await later(); for (;;); },
    'late memory': async () => { await later(); const kept = []; for (;;) kept.push(new Array(1e5).fill(kept.length)); },
    hang: () => new Promise(() => {}),
    'timer that throws': () => new Promise(() => { setTimeout(() => { throw new RangeError('in a timer'); }, 10); }),
    'rejection': () => { Promise.reject(new RangeError('nobody waits')); return later(200); },
  };
  export default ${neighbours === 'async' ? 'async' : ''} (event) => {
    if (event.how !== undefined) return ends[event.how](event);
    ${neighbours === 'async' ? 'await later(30);' : ''}
    return { ...event, seen: true };
  };
`;

const KINDS = [
  ['throw', 'throw', 'TypeError: a mistake'],
  ['exit', 'exit', 'process.exit(3) ended the thread'],
  ['reallyExit', 'exit', 'process.reallyExit(4) ended the thread'],
  ['loop', 'timeout', 'the transform took longer than 1 seconds for an event'],
  ['memory', 'memory', 'the transform used more than 64 MB of memory'],
  ['late throw', 'throw', 'TypeError: a mistake'],
  ['late exit', 'exit', 'process.exit(3) ended the thread'],
  ['late loop', 'timeout', 'the transform took longer than 1 seconds for an event'],
  ['late memory', 'memory', 'the transform used more than 64 MB of memory'],
  ['hang', 'timeout', 'the transform took longer than 1 seconds for an event'],
  ['timer that throws', 'throw', 'RangeError: in a timer'],
  ['rejection', 'throw', 'RangeError: nobody waits'],
] as const;

describe.each(['sync', 'async'] as const)(
  'among nine others that are %s, an event that ends by',
  (neighbours) => {
    it.each(KINDS)('%s', async (how, kind, error) => {
      const { run, late, sandbox } = sandboxed(transform(neighbours), {
        // On a busy machine it takes a while to fill the memory.
        timeout: kind === 'memory' ? 20_000 : 1_000,
      });
      const runs = await Promise.all(
        Array.from({ length: 10 }, (_, i) => {
          const own = [event(`a${i}`), event(`b${i}`, i === 4 ? { how } : {}), event(`c${i}`)];
          return run(own);
        }),
      );
      for (const [i, one] of runs.entries()) {
        if (i === 4) {
          expect([[], [[{ messageId: 'a4', seen: true }]]]).toContainEqual(one.made);
          expect(one.ended).toMatchObject({ kind: 'crash', crash: { kind, error, eventId: 'b4' } });
        } else {
          expect(one.ended).toBeUndefined();
          expect(one.made.flat().map(({ messageId }) => messageId)).toEqual([`a${i}`, `b${i}`, `c${i}`]);
        }
      }
      expect(late).toEqual([]);
      // In each case, the next message gets a working thread.
      expect(await sandbox.check()).toBeUndefined();
      expect(await run([event('next')])).toEqual({ made: [[{ messageId: 'next', seen: true }]] });
    });
  },
);

it('several failing events of a batch are identified one by one', async () => {
  const { run } = sandboxed(transform('async'), { timeout: 500 });
  const hows = ['late loop', 'late exit', 'late throw', 'hang', 'exit', 'late loop'];
  const runs = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      run([event(`e${i}`, { how: i % 2 === 0 ? hows[i / 2] : undefined })]),
    ),
  );
  expect(runs.map(({ ended }) => (ended?.kind === 'crash' ? ended.crash.kind : undefined))).toEqual([
    'timeout',
    undefined,
    'exit',
    undefined,
    'throw',
    undefined,
    'timeout',
    undefined,
    'exit',
    undefined,
    'timeout',
    undefined,
  ]);
});

it('memory outside the heap counts as well', async () => {
  const now = Math.ceil(process.memoryUsage.rss() / 1_048_576);
  const { run } = sandboxed(
    `const kept = []; export default async (event) => {
       if (event.how === 'buffers') for (;;) { kept.push(Buffer.alloc(4e6, 1)); }
       return event;
     }`,
    { processMemory: Math.ceil((now + 300) / 0.85), timeout: 20_000 },
  );
  const [bad, good] = await Promise.all([run([event('bad', { how: 'buffers' })]), run([event('good')])]);
  expect(bad.ended).toMatchObject({ kind: 'crash', crash: { kind: 'memory', eventId: 'bad' } });
  expect(good.ended).toBeUndefined();
});

it.each([
  { heap: 'grows', before: 0, after: [200] },
  // What is collected leaves the heap before it leaves the process.
  { heap: 'is collected and grows again', before: 300, after: [300, 200, 300, 100, 300] },
])('what the function’s own heap takes is not charged to the thread: it $heap', async ({ before, after }) => {
  const { sandbox } = sandboxed(
    `await new Promise((done) => setTimeout(done, 2_000)); export default (event) => event;`,
    { loadTimeout: 20_000 },
  );
  let kept: object[] = [];
  const keep = async (megabytes: number): Promise<void> => {
    kept = [];
    for (let i = 0; i < megabytes; i += 1) {
      kept.push(new Array(131_072).fill(i));
      await new Promise((done) => setTimeout(done, 1));
    }
  };
  await keep(before);
  const check = sandbox.check();
  for (const megabytes of after) await keep(megabytes);
  expect(await check).toBeUndefined();
  expect(kept).toHaveLength(after.at(-1) ?? 0);
});

it('a leak of the module is no event’s fault, and is reported', async () => {
  const { run, leaks } = sandboxed(
    `const kept = []; export default (event) => { kept.push(new Array(5e5).fill(event)); return event; }`,
  );
  for (let i = 0; i < 60; i += 1) {
    const made = await run([event(`e${i}`)]);
    expect(made).toEqual({ made: [[event(`e${i}`)]] });
  }
  expect(leaks.length).toBeGreaterThan(0);
});

it('one that is slow within its limit is not convicted because its trial was cut short for another’s', async () => {
  const { run } = sandboxed(
    `const later = (ms) => new Promise((done) => setTimeout(done, ms));
     export default async (event) => {
       const began = Date.now();
       if (event.how === 'slow') while (Date.now() - began < 800);
       await later(20);
       if (event.how === 'late loop') for (;;);
       await later(100);
       return event;
     }`,
    { timeout: 2_000 },
  );
  const [bad, slow] = await Promise.all([
    run([event('bad', { how: 'late loop' })]),
    run([event('slow', { how: 'slow' })]),
  ]);
  expect(slow.ended).toBeUndefined();
  expect(bad.ended).toMatchObject({ kind: 'crash', crash: { kind: 'timeout' } });
});

it('an uncaught error is charged to its event, even if the listeners were removed', async () => {
  const { run, late } = sandboxed(
    `process.removeAllListeners('uncaughtException');
     process.removeAllListeners('unhandledRejection');
     export default (event) => new Promise((done) => {
       if (event.how) setTimeout(() => { throw new RangeError('in a timer'); }, 20);
       else setTimeout(() => done(event), 60);
     });`,
  );
  const runs = await Promise.all(
    Array.from({ length: 6 }, (_, i) => run([event(`e${i}`, i === 2 ? { how: 'timer' } : {})])),
  );
  for (const [i, { ended }] of runs.entries()) {
    if (i === 2) expect(ended).toMatchObject({ crash: { error: 'RangeError: in a timer', eventId: 'e2' } });
    else expect(ended).toBeUndefined();
  }
  expect(late).toEqual([]);
});

it('a module that keeps ending its thread is not tried forever', async () => {
  const { run } = sandboxed(
    `setTimeout(() => process.exit(5), 100);
     export default (event) => new Promise((done) => setTimeout(() => done(event), 400));`,
  );
  expect((await run([event('one')])).ended).toMatchObject({ kind: 'crash', crash: { kind: 'exit' } });
});
