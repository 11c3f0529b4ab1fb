/** The `/tmp` of an execution environment: who finds what an earlier process left there. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalCloud } from '../../../local/run/cloud.ts';
import { TmpDirs } from '../../../local/lambda/tmp-dirs.ts';
import type { InvokeResult, LambdaFunction } from '../../../local/lambda/pool.ts';
import { readSettings } from '../../../local/common/settings.ts';
import { until } from '../../../tools/driver/until.ts';
import { errorOf, Workshop } from './fixtures.ts';

let shop: Workshop;
beforeEach(() => {
  shop = new Workshop();
});
afterEach(() => shop.close());

/** Answers the note that it found, and leaves another. It waits until a file exists, and ends in several ways. */
const NOTES = `import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  export const handler = async ({ note, wait, removes, end }) => {
    const dir = tmpdir();
    const file = join(dir, 'note');
    const found = existsSync(file) ? readFileSync(file, 'utf8') : null;
    if (note !== undefined) writeFileSync(file, note);
    console.log('began');
    while (wait !== undefined && !existsSync(wait)) await new Promise((go) => setTimeout(go, 10));
    if (removes) rmSync(dir, { recursive: true });
    if (end === 'exit') process.exit(3);
    if (end === 'timeout') for (;;);
    const all = [];
    while (end === 'memory') all.push({ n: all.length });
    return { dir, found, left: existsSync(file) ? readFileSync(file, 'utf8') : null, pid: process.pid };
  };`;

interface Notes {
  readonly dir: string;
  /** The note at the beginning. */
  readonly found: string | null;
  /** The note at the end. */
  readonly left: string | null;
  readonly pid: number;
}

const notesOf = (result: InvokeResult): Notes => {
  if (result.kind !== 'payload') throw new Error(JSON.stringify(result));
  return result.payload as Notes;
};

/** The directories of the environments that there are. */
const dirs = (): string[] => readdirSync(join(shop.tmpDir, 'tested'));

/** Paths of files that are not there yet: `wait` holds an invocation back until one is written. */
const gates = (...names: string[]): string[] => names.map((name) => join(shop.dir, `gate-${name}`));

const begun = (count: number): Promise<boolean> =>
  until(
    `${String(count)} invocations to begin`,
    () => shop.lines.filter((line) => line === 'began').length === count,
  );

/** Runs two invocations in two environments, each with a note of its own, and lets both exit, the first one first. */
const crashTwo = async (notes: LambdaFunction): Promise<void> => {
  const [first = '', second = ''] = gates('first', 'second');
  const running = [
    notes.invoke({ note: 'first', wait: first, end: 'exit' }),
    notes.invoke({ note: 'second', wait: second, end: 'exit' }),
  ];
  await begun(2);
  writeFileSync(first, '');
  await running[0];
  writeFileSync(second, '');
  await running[1];
};

describe('the environment keeps its /tmp', () => {
  test('for the next invocation of the same process', async () => {
    const notes = await shop.make(NOTES);
    const first = notesOf(await notes.invoke({ note: 'hello' }));
    expect(first.found).toBeNull();
    expect(notesOf(await notes.invoke({}))).toEqual({ ...first, found: 'hello' });
  });

  test.each([
    { end: 'exit', errorType: /^Runtime.ExitError$/ },
    { end: 'timeout', errorType: /^Sandbox.Timedout$/ },
    // V8's own limit and the limit of resident memory are close together: either may come first.
    { end: 'memory', errorType: /^Runtime\.(OutOfMemory|ExitError)$/ },
  ])('over a reset after $end', async ({ end, errorType }) => {
    const notes = await shop.make(NOTES, { timeoutMs: end === 'timeout' ? 1_000 : 20_000, memoryMb: 128 });
    const { pid } = notesOf(await notes.invoke({}));
    expect(errorOf(await notes.invoke({ note: 'last words', end })).errorType).toMatch(errorType);
    const next = notesOf(await notes.invoke({}));
    expect(next.found).toBe('last words');
    expect(next.pid).not.toBe(pid);
    expect(dirs()).toHaveLength(1);
  });

  test.each(['throw new Error("first")', 'process.exit(1)'])(
    'over a reset after an init that failed: %s',
    async (end) => {
      const notes = await shop.make(`import { existsSync, writeFileSync } from 'node:fs';
        import { tmpdir } from 'node:os';
        import { join } from 'node:path';
        const file = join(tmpdir(), 'note');
        if (!existsSync(file)) { writeFileSync(file, ''); ${end}; }
        export const handler = () => 'found';`);
      expect((await notes.invoke({})).kind).toBe('error');
      expect(await notes.invoke({})).toEqual({ kind: 'payload', payload: 'found' });
    },
  );

  test('over a reset after a death between two invocations', async () => {
    const notes = await shop.make(NOTES);
    const { pid } = notesOf(await notes.invoke({ note: 'hello' }));
    process.kill(pid, 'SIGKILL');
    await until('the death to be noticed', () => notes.processes.idle === 0);
    expect(notesOf(await notes.invoke({})).found).toBe('hello');
  });

  test('for one process each: two that crashed leave theirs to two new ones', async () => {
    const notes = await shop.make(NOTES);
    await crashTwo(notes);
    const [gate = ''] = gates('both');
    const running = [notes.invoke({ wait: gate }), notes.invoke({ wait: gate })];
    await begun(4);
    writeFileSync(gate, '');
    const found = (await Promise.all(running)).map((result) => notesOf(result).found);
    expect(found.sort()).toEqual(['first', 'second']);
    expect(dirs()).toHaveLength(2);
  });

  test('and the one that crashed last is used first', async () => {
    const notes = await shop.make(NOTES);
    await crashTwo(notes);
    expect(notesOf(await notes.invoke({})).found).toBe('second');
  });

  test('and has one also after a function removed it', async () => {
    const notes = await shop.make(NOTES);
    await notes.invoke({ removes: true, end: 'exit' });
    expect(notesOf(await notes.invoke({ note: 'hello' }))).toMatchObject({ found: null, left: 'hello' });
  });

  test('when its process could not be recorded: failed starts do not pile up directories', async () => {
    const notes = await shop.make(NOTES);
    rmSync(shop.childrenDir, { recursive: true });
    for (let i = 0; i < 3; i += 1) await expect(notes.invoke({})).rejects.toThrow('ENOENT');
    expect(dirs()).toHaveLength(1);
  });
});

describe('a /tmp is not seen', () => {
  test('by another environment that runs at the same time', async () => {
    const notes = await shop.make(NOTES);
    const [gate = ''] = gates('one');
    const running = notes.invoke({ note: 'mine', wait: gate });
    await begun(1);
    const other = notesOf(await notes.invoke({}));
    writeFileSync(gate, '');
    const own = notesOf(await running);
    expect(own).toMatchObject({ found: null, left: 'mine' });
    expect(other.left).toBeNull();
    expect(other.dir).not.toBe(own.dir);
  });

  test('after a deployment: not that of an idle process, of a reset environment, of a process that finishes', async () => {
    const notes = await shop.make(NOTES);
    const [one = '', two = ''] = gates('one', 'two');
    const idle = notes.invoke({ note: 'idle', wait: one });
    const reset = notes.invoke({ note: 'reset', wait: one, end: 'exit' });
    const finishing = notes.invoke({ note: 'finishing', wait: two });
    const crashing = notes.invoke({ note: 'crashing', wait: two, end: 'exit' });
    await begun(4);
    writeFileSync(one, '');
    await Promise.all([idle, reset]);
    expect(dirs()).toHaveLength(4);

    notes.updateCode(shop.write(NOTES), {});
    await until('the directories of the idle and the reset one to be removed', () => dirs().length === 2);
    writeFileSync(two, '');
    // Its process lived on, and so did its directory.
    expect(notesOf(await finishing).left).toBe('finishing');
    expect((await crashing).kind).toBe('error');
    await until('the directories of the old code to be removed', () => dirs().length === 0);
    expect(notesOf(await notes.invoke({})).found).toBeNull();
  });

  test('after its environment was idle for too long, with a process or without', async () => {
    const notes = await shop.make(NOTES, { idleMs: 300 });
    const { dir } = notesOf(await notes.invoke({ note: 'idle' }));
    await until('the directory of the idle process to be removed', () => !existsSync(dir));
    await notes.invoke({ note: 'reset', end: 'exit' });
    await until('the directory of the reset environment to be removed', () => dirs().length === 0);
    expect(notesOf(await notes.invoke({})).found).toBeNull();
  });

  test('after its process was surplus', async () => {
    const notes = await shop.make(NOTES, { maxIdle: 0, surplusIdleMs: 100 });
    await notes.invoke({ note: 'surplus' });
    await until('the directory of the surplus process to be removed', () => dirs().length === 0);
  });

  test('after an invocation that its caller cut off', async () => {
    const notes = await shop.make(NOTES);
    const abort = new AbortController();
    const running = notes.invoke({ note: 'cut off', wait: 'never' }, { signal: abort.signal });
    await begun(1);
    abort.abort();
    expect(errorOf(await running).errorType).toBe('Sandbox.Aborted');
    expect(notesOf(await notes.invoke({})).found).toBeNull();
    await until('the directory to be removed', () => dirs().length === 1);
  });

  test('after the end: idle, reset and busy ones are gone when the function is closed', async () => {
    const notes = await shop.make(NOTES);
    await crashTwo(notes);
    const [gate = ''] = gates('idle');
    const idle = notes.invoke({ wait: gate });
    const busy = notes.invoke({ wait: 'never' });
    await begun(4);
    writeFileSync(gate, '');
    await idle;
    await notes.invoke({ end: 'exit' });
    expect(dirs()).toHaveLength(2);
    await notes.close();
    expect(dirs()).toEqual([]);
    expect(errorOf(await busy).errorType).toBe('Sandbox.Closed');
  });

  test('after the next start of the local run, also when the last one was killed', async () => {
    const left = join(shop.dir, 'data', 'tmp', 'router', 'env-left');
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, 'note'), 'last words');
    const settings = readSettings({ SLUICE_DATA_DIR: join(shop.dir, 'data') }, shop.dir);
    const cloud = await LocalCloud.start({ settings, onTrouble: () => undefined });
    await cloud.close();
    expect(existsSync(left)).toBe(false);
  });
});

test('a directory that cannot be removed is reported, and stops nothing', async () => {
  const messages: string[] = [];
  const tmp = new TmpDirs(shop.tmpDir, (message) => messages.push(message));
  tmp.remove('no\0path');
  await tmp.settled();
  expect(messages).toEqual([expect.stringMatching(/^no\0path cannot be removed: TypeError/)]);
});
