/** Threads that do not end when they are told to: no event pays for what another one's thread still does. */
import { describe, expect, it } from '@jest/globals';
import { until } from '../../tools/driver/until.ts';
import { event, sandboxed } from '../support/sandbox.ts';

/**
 * V8 looks for the order to end when a function of JavaScript is called, or after thousands of rounds of a loop. `runsOn` does neither for
 * some seconds, and takes 300 MB in its first rounds.
 */
const HELPERS = `
  const later = (ms) => new Promise((done) => setTimeout(done, ms));
  const runsOn = () => { const kept = []; for (let i = 0; i < 600; i += 1) kept[i % 40] = new Array(1e6).fill(i); };
`;

/** Abandoned threads that were reported. */
const abandoning = (source: string, more: Parameters<typeof sandboxed>[1] = {}) => {
  const reports: number[] = [];
  const onAbandoned = (): void => void reports.push(1);
  return {
    ...sandboxed(`${HELPERS}${source}`, { timeout: 20_000, endLimit: 500, onAbandoned, ...more }),
    reports,
  };
};

// First: what the threads of the others still do is memory of the same process.
describe('beside a thread that does not end', () => {
  const CALLS = `import { execSync } from 'node:child_process';
    const kept = [];
    export default (event) => {
      if (event.how === 'call') execSync('sleep ' + event.seconds);
      if (event.how === 'fills') for (let i = 0; i < 80; i += 1) kept.push(Buffer.alloc(4e6, 1));
      return event; }`;

  it('others are finished in a new one, if it does no harm', async () => {
    const { run, sandbox, reports } = abandoning(CALLS, { timeout: 300 });
    const [bad, good] = await Promise.all([
      run([event('bad', { how: 'call', seconds: 4 })]),
      run([event('good')]),
    ]);
    expect(bad.ended).toMatchObject({ kind: 'crash', crash: { kind: 'timeout' } });
    expect(good.made).toHaveLength(1);
    expect(sandbox).toMatchObject({ hasAbandoned: true, isSpent: false });
    expect(reports).toHaveLength(1);
  });

  it('what fills the memory is not known, and nobody is charged', async () => {
    const { run, sandbox } = abandoning(CALLS, { timeout: 3_000 });
    await run([event('bad', { how: 'call', seconds: 12 })]);
    const before = process.memoryUsage.rss();
    expect(await run([event('big', { how: 'fills' })])).toEqual({ made: [], ended: { kind: 'no time' } });
    expect(sandbox.isSpent).toBe(true);
    // What becomes free would hide what the next test takes.
    await until('the memory is free', () => process.memoryUsage.rss() < before + 64 * 1_048_576);
  });
});

describe('a thread that fills the memory in a loop that does not end', () => {
  it('convicts the event whose code that is; the others go back uncharged, and nothing else is begun', async () => {
    const { run, sandbox, reports, late } = abandoning(
      `export default async (event) => {
         if (event.how === 'runs on') runsOn();
         await later(50); return event; }`,
    );
    const [a, bad, b] = await Promise.all([
      run([event('a0'), event('a1')]),
      run([event('bad', { how: 'runs on' })]),
      run([event('b0')]),
    ]);
    expect(bad.ended).toMatchObject({ kind: 'crash', crash: { kind: 'memory', eventId: 'bad' } });
    for (const { ended } of [a, b]) expect(ended).toEqual({ kind: 'no time' });
    expect(sandbox).toMatchObject({ hasAbandoned: true, isSpent: true });
    expect(reports).toHaveLength(1);
    expect(await run([event('next')])).toEqual({ made: [], ended: { kind: 'no time' } });
    expect(await sandbox.check()).toBeUndefined();
    expect(late).toEqual([]);
    // It is done at last: the process could go on.
    await until('the thread has ended', () => !sandbox.hasAbandoned);
    expect(await run([event('next')])).toEqual({ made: [[event('next')]] });
  });

  it('convicts nobody of several of whom it is not known; alone, the same event is', async () => {
    const source = `export default async (event) => {
      await later(100);
      if (event.how === 'runs on') runsOn();
      await later(50); return event; }`;
    const { run } = abandoning(source);
    const [a, bad] = await Promise.all([run([event('a')]), run([event('bad', { how: 'runs on' })])]);
    expect([a, bad]).toEqual([
      { made: [], ended: { kind: 'no time' } },
      { made: [], ended: { kind: 'no time' } },
    ]);
    const alone = await abandoning(source).run([event('bad', { how: 'runs on' })]);
    expect(alone.ended).toMatchObject({ kind: 'crash', crash: { kind: 'memory', eventId: 'bad' } });
  });

  it('while the module loads is a crash of each message, and of the probe after it', async () => {
    const { run, sandbox } = abandoning(`runsOn(); export default (event) => event;`);
    const load = { kind: 'load', error: 'the transform used more than 64 MB of memory' };
    expect((await run([event('a')])).ended).toMatchObject({ kind: 'crash', crash: load });
    expect(await sandbox.check()).toMatchObject(load);
    expect((await run([event('b')])).ended).toMatchObject({ kind: 'crash', crash: load });
  });
});
