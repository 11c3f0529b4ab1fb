/** What a stage's function does before and after an invocation: late failures of the user's code, and last words. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { emitMetrics } from '../../lambdas/aws/log.ts';
import type { HeldMessage, Words } from '../../lambdas/core/stage/last-words.ts';
import type { Outcome } from '../../lambdas/core/stage/outcome.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { LateCrashes } from '../../contract/modes.ts';
import { PASS_THROUGH } from '../../lambdas/core/event/transform.ts';
import { LastWordsFile } from '../../lambdas/stage/last-words-file.ts';
import { codeOf, DEAD_ARN, degradedMode, NOW, record, StageFunction } from './world.ts';

let stage: StageFunction;
beforeEach(() => {
  stage = new StageFunction();
});

const batch = { Records: [record('m1', 'a'), record('m2', 'b')] };
const drain = { sluice: 'drain', shard: 0 };
const probe = { sluice: 'probe' };
const lateCrashes = async () =>
  Object.fromEntries(await stage.lateCrashes.readLateCrashes(['crm', 'router']));

describe('late failures of the user’s code', () => {
  const last: LateCrashes['last'] = { kind: 'late', error: 'Error: late', codeVersion: 'v1', at: NOW };
  /** Code that fails late this many times in each invocation. */
  const failing = (...counts: number[]) => {
    const calls: string[] = [];
    const code = codeOf(PASS_THROUGH, {
      begin: () => {
        calls.push('begin');
      },
      end: () => {
        calls.push('end');
        const count = counts.shift() ?? 0;
        return count === 0 ? undefined : { count, last };
      },
    });
    return { calls, code };
  };

  it('are recorded for the stage when an invocation ends', async () => {
    const invoke = stage.start({ code: failing(2, 0, 1).code });
    await invoke(batch);
    expect(await lateCrashes()).toEqual({ crm: { count: 2, since: NOW, last } });
    await invoke(batch);
    await invoke(batch);
    expect(await lateCrashes()).toEqual({ crm: { count: 3, since: NOW, last } });
  });

  it.each<[string, object]>([
    ['a probe', probe],
    ['a drain', drain],
    ['a trial', { sluice: 'trial' }],
    ['dead letters', { Records: [record('m1', 'a', { arn: DEAD_ARN })] }],
  ])('are recorded after %s as well', async (_, event) => {
    await stage.invoke(event, { code: failing(1).code });
    expect(await lateCrashes()).toMatchObject({ crm: { count: 1 } });
  });

  it('are recorded even if the invocation fails', async () => {
    await expect(stage.invoke({ Records: 'none' }, { code: failing(1).code })).rejects.toThrow('neither');
    expect(await lateCrashes()).toMatchObject({ crm: { count: 1 } });
  });

  it('are counted for an invocation from its beginning to the end of its work', async () => {
    const { calls, code } = failing();
    const process = async (message: Parameters<typeof stage.done>[0]): Promise<Outcome> => {
      calls.push(`process ${message.id}`);
      return stage.done(message);
    };
    const invoke = stage.start({ code, process });
    expect(calls).toEqual([]);
    await invoke(batch);
    await invoke(probe);
    expect(calls).toEqual(['begin', 'process m1', 'process m2', 'end', 'begin', 'end']);
  });

  const store = (error: Error) => ({
    addLateCrashes: () => Promise.reject(error),
    readLateCrashes: () => Promise.resolve(new Map()),
  });

  it('that cannot be recorded are a setback, and do not change the answer', async () => {
    stage.change({ lateCrashes: store(new InfraFault('UpdateItem failed')) });
    expect(await stage.invoke(batch, { code: failing(1).code })).toEqual({ batchItemFailures: [] });
    expect(stage.processed).toEqual(['m1', 'm2']);
    expect(stage.logged('could not record late crashes; the log has them')).toMatchObject([
      { level: 'warn', stage: 'crm', error: expect.stringContaining('UpdateItem failed') as unknown },
    ]);
    expect(stage.words.calls.at(-1)).toBe('clear');
  });

  it('that cannot be recorded because of an error of our own fail the invocation', async () => {
    stage.change({ lateCrashes: store(new TypeError('a bug')) });
    await expect(stage.invoke(batch, { code: failing(1).code })).rejects.toMatchObject({ name: 'TypeError' });
  });
});

describe('last words of the previous process', () => {
  const held = (id: string, groupId: string): HeldMessage => ({
    id,
    groupId,
    receiptHandle: `handle-${id}`,
    sequenceNumber: '7',
    receiveCount: 1,
    sentAt: NOW - 90_000,
  });
  const found: Words = {
    codeVersion: 'v0',
    until: NOW + 1,
    held: [held('old1', 'a'), held('old2', 'b')],
    inHand: [{ id: 'old1', stamp: '0:v0', isCharged: false }],
  };

  it('are read while the function starts, and acted on before the first batch starts', async () => {
    stage.words.found = found;
    const order: string[] = [];
    const save = stage.state.saveAttempt.bind(stage.state);
    stage.state.saveAttempt = async (...args) => {
      for (let i = 0; i < 20; i += 1) await Promise.resolve();
      order.push(`charged ${args[1]}`);
      await save(...args);
    };
    const invoke = stage.start({
      degradedMode: { ...degradedMode, redriveThreshold: 5 },
      process: (message) => (order.push(`process ${message.id}`), stage.done(message)),
    });
    expect(stage.words.calls).toEqual(['take']);
    await invoke(batch);
    expect(order).toEqual(['charged old1', 'process m1', 'process m2']);
    expect(stage.state.attempts.get('old1')).toMatchObject({ charges: 1, crash: { kind: 'death' } });
    expect(Object.fromEntries(stage.queue.visibility)).toEqual({ old1: 10, old2: 10 });
    expect(stage.state.mode('crm').lastCrash).toMatchObject({ kind: 'death', messageId: 'old1' });
    expect(
      stage.logged('the process before this one died; what it had in hand was given back'),
    ).toMatchObject([{ level: 'error', stage: 'crm', messages: 2, messageId: 'old1' }]);
  });

  it('are acted on once, however many invocations follow', async () => {
    stage.words.found = found;
    const invoke = stage.start({ degradedMode: { ...degradedMode, redriveThreshold: 5 } });
    await invoke(batch);
    stage.queue.visibility.clear();
    await invoke(batch);
    expect(stage.words.calls.filter((call) => call === 'take')).toEqual(['take']);
    expect(stage.queue.visibility.size).toBe(0);
  });

  it('that degrade the stage: the change is published before the first invocation answers', async () => {
    stage.words.found = found;
    await stage.invoke(probe);
    expect(stage.state.mode('crm')).toMatchObject({ mode: 'degraded', announced: 1 });
    expect(stage.announced).toHaveLength(1);
  });

  it('that cannot be acted on because of an error of our own do not keep the function from working', async () => {
    stage.words.found = found;
    stage.state.saveAttempt = () => Promise.reject(new TypeError('a bug'));
    expect(await stage.invoke(batch)).toEqual({ batchItemFailures: [] });
    expect(stage.logged('could not act on the last words')).toMatchObject([
      { level: 'error', error: expect.stringMatching(/^TypeError\n/) as unknown },
    ]);
  });
});

describe('last words of this process', () => {
  it('cover the batch until shortly before it may be received elsewhere, and end with the answer', async () => {
    const events = { Records: [record('m1', 'a'), record('m2', 'a')] };
    await stage.invoke(events, {}, 40_000);
    expect(stage.words.calls).toEqual([
      'take',
      'received m1,m2 until 353000',
      'begun m1',
      'ended m1',
      'released m1',
      'begun m2',
      'ended m2',
      'clear',
    ]);
    expect(stage.queue.deleted).toEqual(['m1']);
  });

  it.each<[string, object]>([
    ['a probe', probe],
    ['a drain', drain],
    ['a trial', { sluice: 'trial' }],
    ['dead letters', { Records: [record('m1', 'a', { arn: DEAD_ARN })] }],
  ])('are not written in %s, which has nothing to give back', async (_, event) => {
    await stage.invoke(event);
    expect(stage.words.calls).toEqual(['take', 'clear']);
  });

  it('also end with an invocation that fails', async () => {
    await expect(stage.invoke(null)).rejects.toThrow('neither');
    expect(stage.words.calls).toEqual(['take', 'clear']);
  });
});

describe('a process that dies in the middle of a batch', () => {
  it('is followed by one that charges the message in hand, gives the others back, and then forgets the last words', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'sluice-words-'));
    try {
      const start = (process = stage.done, version = 'v1') => {
        const warn = () => undefined;
        stage.change({ lastWords: new LastWordsFile({ codeVersion: version, warn, directory }) });
        const settings = { ...degradedMode, redriveThreshold: 5 };
        return stage.start({ process, codeVersion: version, degradedMode: settings });
      };
      const events = { Records: [record('m1', 'a'), record('m2', 'b'), record('m3', 'b')] };
      let reached = (): void => undefined;
      const dying = new Promise<void>((resolve) => (reached = resolve));
      const invoke = start((message) => {
        if (message.id !== 'm2') return stage.done(message);
        reached();
        return new Promise<Outcome>(() => undefined);
      });
      void invoke(events);
      await dying;
      await new Promise((resolve) => setImmediate(resolve));
      expect(stage.processed).toEqual(['m1']);

      const next = start(stage.done, 'v2');
      await next({ Records: [record('m9', 'z')] });
      expect(Object.fromEntries(stage.queue.visibility)).toEqual({ m1: 10, m2: 10, m3: 10 });
      expect([...stage.state.attempts.keys()]).toEqual(['m2']);
      // The stamp and the crash are of the version that died.
      expect(stage.state.attempts.get('m2')).toMatchObject({
        charges: 1,
        stamp: '0:v1',
        crash: { kind: 'death', codeVersion: 'v1', messageId: 'm2', key: 'b' },
      });

      stage.queue.visibility.clear();
      await start()({ Records: [record('m10', 'z')] });
      expect(stage.queue.visibility.size).toBe(0);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('what an invocation counts', () => {
  const counting = async () => {
    emitMetrics({ Stage: 'crm' }, { EventsDelivered: 2 });
    return Promise.resolve({ kind: 'done' } as const);
  };
  const lines = () => stage.lines.filter((line) => '_aws' in line);

  it('is one line, however many messages it had', async () => {
    await stage.invoke({ Records: ['m1', 'm2', 'm3'].map((id) => record(id, id)) }, { process: counting });
    expect(lines()).toEqual([expect.objectContaining({ Stage: 'crm', EventsDelivered: 6 })]);
    expect(lines()[0]).toHaveProperty('OldestMessageAge');
  });

  it('is written although the invocation fails', async () => {
    jest.spyOn(stage.state, 'read').mockRejectedValue(new TypeError('a bug'));
    await expect(stage.invoke(batch, { process: counting })).rejects.toThrow();
    expect(lines()).toEqual([
      expect.objectContaining({ Stage: 'crm', OldestMessageAge: expect.any(Number) }),
    ]);
  });

  it('but for the age of messages that are received again, which is written before they may end the process', async () => {
    const seen: number[] = [];
    const process = () => {
      seen.push(stage.metric('OldestMessageAge').length);
      return counting();
    };
    await stage.invoke({ Records: [record('m1', 'a', { receives: 2 })] }, { process });
    expect(seen).toEqual([1]);
    expect(lines()).toHaveLength(2);
  });
});
