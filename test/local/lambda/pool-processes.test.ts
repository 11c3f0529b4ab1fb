/** The processes of functions: frozen, reused, ended. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../tools/driver/until.ts';
import { isFrozen, Workshop } from './fixtures.ts';

/** Windows can neither freeze a process nor send it a signal. */
const onPosix = process.platform !== 'win32';

let shop: Workshop;
beforeEach(() => {
  shop = new Workshop();
});
afterEach(() => shop.close());

const ECHO = 'export const handler = async (event) => ({ event, pid: process.pid });';
const pidOf = (result: unknown): number => (result as { payload: { pid: number } }).payload.pid;

describe('processes', () => {
  if (onPosix)
    test('are frozen between invocations', async () => {
      const ticking = await shop.make(`let ticks = 0; setInterval(() => { ticks += 1; }, 5);
      export const handler = async (event) => {
        if (event.wait) await new Promise((go) => setTimeout(go, event.wait));
        return ticks; };`);
      const ticks = async (wait: number): Promise<number> =>
        ((await ticking.invoke({ wait })) as { payload: number }).payload;
      const first = await ticks(100);
      expect(first).toBeGreaterThan(2);
      await sleep(600);
      // Asleep 600 ms it would have ticked more than a hundred times; one overdue tick may come immediately.
      expect((await ticks(0)) - first).toBeLessThan(20);
    });

  if (onPosix)
    test('are frozen when they have been idle for a while, and not between invocations that follow each other', async () => {
      const counting = await shop.make(`let thawed = 0; process.on('SIGCONT', () => { thawed += 1; });
        export const handler = async () => ({ thawed, pid: process.pid });`);
      const pid = pidOf(await counting.invoke({}));
      for (let i = 0; i < 20; i += 1)
        expect(await counting.invoke({})).toEqual({ kind: 'payload', payload: { thawed: 0, pid } });
      for (const thawed of [1, 2]) {
        await until('the process to be frozen', () => isFrozen(pid));
        await counting.invoke({});
        expect(await counting.invoke({})).toEqual({ kind: 'payload', payload: { thawed, pid } });
      }
    });

  if (onPosix)
    test('of a function that yields get the processor that others leave', async () => {
      const [first, yielding] = [await shop.make(ECHO), await shop.make(ECHO, { yields: true })];
      expect(getPriority(pidOf(await first.invoke({})))).toBe(getPriority());
      expect(getPriority(pidOf(await yielding.invoke({})))).toBe(Math.min(getPriority() + 10, 19));
    });

  test('are used again, and one serves one invocation at a time', async () => {
    const slow = await shop.make(`export const handler = async () => {
      await new Promise((go) => setTimeout(go, 100)); return { pid: process.pid }; };`);
    const pids = (await Promise.all([1, 2, 3].map(() => slow.invoke({})))).map(pidOf);
    expect(new Set(pids).size).toBe(3);
    expect(slow.processes).toEqual({ busy: 0, idle: 3 });
    expect(pids).toContain(pidOf(await slow.invoke({})));
  });

  const PAUSE = 'export const handler = () => new Promise((go) => setTimeout(go, 100));';

  test('end after a time without an invocation', async () => {
    const slow = await shop.make(PAUSE, { idleMs: 300 });
    await Promise.all([1, 2, 3].map(() => slow.invoke({})));
    await until('idle processes to end', () => slow.processes.idle === 0);
    expect((await slow.invoke({})).kind).toBe('payload');
  });

  test('in excess of the idle ones to keep end sooner', async () => {
    const slow = await shop.make(PAUSE, { maxIdle: 1, surplusIdleMs: 1_000 });
    await Promise.all([1, 2, 3].map(() => slow.invoke({})));
    expect(slow.processes.idle).toBe(3);
    await until('surplus processes to end', () => slow.processes.idle === 1);
    await sleep(1_200);
    expect(slow.processes).toEqual({ busy: 0, idle: 1 });
  });

  test('that die while they are idle are not used', async () => {
    const echo = await shop.make(ECHO);
    const pid = pidOf(await echo.invoke({}));
    process.kill(pid, 'SIGKILL');
    await until('the death to be noticed', () => echo.processes.idle === 0);
    expect(pidOf(await echo.invoke({}))).not.toBe(pid);
  });

  if (onPosix)
    test('ignore the signals that stop the local run: the run ends them itself', async () => {
      const waiting = await shop.make(`export const handler = async () => {
        console.log('pid ' + process.pid); await new Promise((go) => setTimeout(go, 300)); return 'finished'; };`);
      const running = waiting.invoke({});
      await until('the invocation to begin', () => shop.lines.length > 0);
      const pid = Number(shop.lines[0]?.slice(4));
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
      expect(await running).toEqual({ kind: 'payload', payload: 'finished' });
    });

  test('are on record while they live', async () => {
    const echo = await shop.make(ECHO);
    const pid = pidOf(await echo.invoke({}));
    expect(readdirSync(shop.childrenDir)).toEqual([String(pid)]);
    await echo.close();
    expect(readdirSync(shop.childrenDir)).toEqual([]);
  });
});
