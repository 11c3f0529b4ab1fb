/** A stage's function from Lambda's event to the results, over stores in memory. */
import { partOf, shardOf } from '../../lambdas/core/stage/parking.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { NORMAL } from '../../lambdas/core/mode/record.ts';
import type { Outcome, Process } from '../../lambdas/core/stage/outcome.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import { toMessage } from '../../lambdas/stage/records.ts';
import { failingTransforms } from '../support/plain-transforms.ts';
import { body, codeOf, DEAD_ARN, degradedMode, NOW, record, StageFunction } from './world.ts';

let stage: StageFunction;
beforeEach(() => {
  stage = new StageFunction();
});

describe('messages of the stage’s queue', () => {
  it('are processed, and those that are not done are reported', async () => {
    const process = (message: IncomingMessage): Promise<Outcome> =>
      message.id === 'm2' ? Promise.resolve({ kind: 'retry', reason: 'answered 500' }) : stage.done(message);
    const event = { Records: [record('m1', 'a'), record('m2', 'b'), record('m3', 'b')] };
    expect(await stage.invoke(event, { process })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm2' }, { itemIdentifier: 'm3' }],
    });
    expect(stage.processed).toEqual(['m1']);
    expect(stage.metric('Retries')).toEqual([1]);
    expect(stage.metric('OldestMessageAge')).toEqual([90]);
    expect(stage.state.mode('crm').lastFailure).toMatchObject({ text: 'answered 500', codeVersion: 'v1' });
    expect(stage.state.progress.get('crm')).toEqual({ deliveredAt: NOW });
  });

  it('are deferred while the stage or the system is blocked', async () => {
    stage.state.modes.set('router', { ...NORMAL, rev: 1, epoch: 1, mode: 'degraded' });
    const answer = await stage.invoke({ Records: [record('m1', 'a')] });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(stage.processed).toEqual([]);
    expect(stage.metric('BatchesRefused')).toEqual([1]);
  });

  it('are a crash of kind "load" when the transform does not load, and are redriven in the end', async () => {
    const crash = { kind: 'load', error: 'Error: Cannot find module' } as const;
    const process = (): Promise<Outcome> => Promise.resolve({ kind: 'crash', crash });
    for (let receives = 1; receives <= degradedMode.crashes; receives++)
      await stage.invoke({ Records: [record('m1', 'a', { receives })] }, { process });
    expect(stage.metric('Crashes')).toEqual([1, 1, 1]);
    expect(stage.state.attempts.get('m1')?.crash).toMatchObject({ kind: 'load', codeVersion: 'v1' });
    const last = { Records: [record('m1', 'a', { receives: 4 })] };
    expect(await stage.invoke(last, { process })).toEqual({ batchItemFailures: [] });
    expect(stage.parking.head('crm', 'a')).toBeDefined();
    expect(stage.parking.messages('crm', 'a')).toMatchObject([
      { id: 'm1', attempt: { crash: { kind: 'load' } } },
    ]);
    expect(['Redrives', 'MessagesParked', 'EventsParked'].map((name) => stage.metric(name))).toEqual([
      [1],
      [1],
      [2],
    ]);
  });
});

describe('a change of mode', () => {
  const dead = { Records: [record('m1', 'a', { arn: DEAD_ARN, receives: 1_000 })] };

  it('is published before the function answers, and recorded as published', async () => {
    await stage.invoke(dead);
    expect(stage.announced).toMatchObject([
      {
        text: expect.stringMatching(
          /^Destination crm of dataplane server Sluice\/Pipeline entered degraded mode/,
        ),
        stage: 'crm',
        mode: 'degraded',
        epoch: 1,
        since: '2026-11-22T00:00:00.000Z',
        lastCrash: { kind: 'dead letter' },
        command: 'npx sluice status --stack Sluice',
      },
    ]);
    expect(stage.state.mode('crm')).toMatchObject({ mode: 'degraded', epoch: 1, announced: 1 });
  });

  it('of the router is announced with RudderStack’s wording', async () => {
    await stage.invoke(dead, { stage: 'router' });
    expect(stage.announced).toMatchObject([
      { text: expect.stringMatching(/^Dataplane server Sluice\/Pipeline entered degraded mode/) },
    ]);
  });

  it('that cannot be published has no other effect, and is left to control', async () => {
    const announcer = { announce: () => Promise.reject(new InfraFault('Publish failed')) };
    stage.change({ announcer });
    expect(await stage.invoke(dead)).toEqual({ batchItemFailures: [] });
    expect(stage.state.mode('crm')).toMatchObject({ mode: 'degraded', epoch: 1, announced: 0 });
    const setbacks = stage.logged('could not publish a change of mode; control will');
    expect(setbacks).toMatchObject([{ level: 'warn', stage: 'crm' }]);
  });
});

describe('messages of the dead-letter queue', () => {
  it('are parked at the front, counted, and deleted from the dead-letter queue', async () => {
    const answer = await stage.invoke({ Records: [record('m1', 'a', { arn: DEAD_ARN })] });
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(stage.processed).toEqual([]);
    expect(stage.parking.messages('crm', 'a').map(({ sort }) => sort.slice(0, 2))).toEqual(['A#']);
    expect([stage.queue.deleted, stage.deadLetterQueue.deleted]).toEqual([[], ['m1']]);
    // Its age does not show whether the stage keeps up.
    expect(stage.metric('OldestMessageAge')).toEqual([]);
  });

  it('are parked while the stage is blocked', async () => {
    stage.state.modes.set('crm', { ...NORMAL, rev: 1, epoch: 1, mode: 'degraded' });
    await stage.invoke({ Records: [record('m1', 'a', { arn: DEAD_ARN })] });
    expect(stage.parking.keys('crm')).toEqual(['a']);
  });
});

describe('control’s commands', () => {
  it('a probe is answered when everything loads', async () => {
    expect(await stage.invoke({ sluice: 'probe' })).toEqual({ ok: true, codeVersion: 'v1' });
    expect(stage.lines).toEqual([]);
  });

  it('a probe reports why the transform does not load, in texts of limited length', async () => {
    const stack = `Error: Cannot find module\n${'at x\n'.repeat(5_000)}`;
    const crash = { kind: 'load', error: 'Error: Cannot find module', stack } as const;
    const code = codeOf(failingTransforms({ crash }));
    expect(await stage.invoke({ sluice: 'probe' }, { code })).toEqual({
      ok: false,
      codeVersion: 'v1',
      error: 'Error: Cannot find module',
      stack: stack.slice(0, 8_000),
    });
    expect(stage.logged('a probe found that the transform does not load')).toMatchObject([
      { level: 'error', stage: 'crm', error: 'Error', stack: '' },
    ]);
  });

  it('a probe of a transform without a stack has none in its answer', async () => {
    const code = codeOf(failingTransforms({ crash: { kind: 'load', error: 'it took too long' } }));
    expect(await stage.invoke({ sluice: 'probe' }, { code })).toStrictEqual({
      ok: false,
      codeVersion: 'v1',
      error: 'it took too long',
    });
  });

  it('a probe that cannot try the transform because of AWS does not blame the code', async () => {
    const code = codeOf(failingTransforms(new InfraFault('GetSecretValue failed')));
    expect(await stage.invoke({ sluice: 'probe' }, { code })).toEqual({ ok: true, codeVersion: 'v1' });
    expect(stage.logged('a probe could not try the transform')).toMatchObject([
      { level: 'warn', stage: 'crm', error: expect.stringContaining('GetSecretValue failed') as unknown },
    ]);
  });

  it('a probe fails because of an error of our own', async () => {
    const code = codeOf(failingTransforms(new TypeError('a bug')));
    await expect(stage.invoke({ sluice: 'probe' }, { code })).rejects.toMatchObject({ name: 'TypeError' });
  });

  it('a drain processes parked messages, under a lease that outlives the function', async () => {
    const message = {
      sort: 'E#1',
      id: 'm1',
      groupId: 'a',
      body,
      sequenceNumber: '1',
      sentAt: 1,
      parkedAt: 2,
    };
    const shards = Array.from({ length: 10 }, (_, shard) => shard);
    await stage.parking.putMessage('crm', message);
    await stage.parking.touchHead('crm', 'a', { token: 't', now: NOW, reason: 'r' });
    const leases: (number | undefined)[] = [];
    const process = (incoming: IncomingMessage): Promise<Outcome> => {
      leases.push(stage.parking.head('crm', 'a')?.leaseUntil);
      return stage.done(incoming);
    };
    for (const shard of shards)
      expect(await stage.invoke({ sluice: 'drain', shard }, { process })).toBeUndefined();
    expect(stage.processed).toEqual(['m1']);
    expect(leases).toEqual([NOW + 2 * 60_000]);
    expect(stage.parking.keys('crm')).toEqual([]);
    expect(stage.metric('MessagesDrained')).toEqual([1]);
  });

  it('a drain starts nothing that it cannot finish', async () => {
    await stage.parking.touchHead('crm', 'a', { token: 't', now: NOW, reason: 'r' });
    for (let shard = 0; shard < 10; shard++) await stage.invoke({ sluice: 'drain', shard }, {}, 5_000);
    expect(stage.parking.keys('crm')).toEqual(['a']);
  });

  it.each([
    ['starts its successor, which works through the same', {}, [{ until: NOW + 1, successors: 1 }]],
    ['does not when control starts workers again', { until: NOW }, []],
    ['does not when it is the last of its chain', { successors: 0 }, []],
    ['does not when nothing is due', { shard: (shardOf('a') + 1) % 10 }, []],
  ])('a drain that runs out of time %s', async (_, more, expected) => {
    await stage.parking.touchHead('crm', 'a', { token: 't', now: NOW, reason: 'r' });
    const work = { shard: shardOf('a'), part: partOf('a', 3), parts: 3 };
    await stage.invoke({ sluice: 'drain', ...work, until: NOW + 1, successors: 2, ...more }, {}, 5_000);
    expect(stage.successors).toEqual(expected.map((successor) => ({ ...work, ...successor })));
    expect(stage.parking.head('crm', 'a')).not.toHaveProperty('leaseOwner');
  });

  it('a drain of a blocked stage starts no successor', async () => {
    await stage.parking.touchHead('crm', 'a', { token: 't', now: NOW, reason: 'r' });
    stage.state.modes.set('crm', { ...NORMAL, rev: 1, held: true });
    const drain = { sluice: 'drain', shard: shardOf('a'), until: NOW + 1, successors: 2 };
    await stage.invoke(drain, {}, 5_000);
    expect(stage.successors).toEqual([]);
  });

  it('a trial tries messages in the queue of a degraded stage, and the change of mode is published', async () => {
    stage.state.modes.set('crm', { ...NORMAL, rev: 1, epoch: 1, announced: 1, mode: 'degraded' });
    const [waiting] = [record('m1', 'a')].map(toMessage);
    if (waiting === undefined) throw new Error('no message');
    stage.queue.waiting.push([waiting]);
    const given: unknown[] = [];
    const process: Process = (message, { isTrial }) => (given.push(isTrial), stage.done(message));
    expect(await stage.invoke({ sluice: 'trial' }, { process })).toBeUndefined();
    expect(given).toEqual([true]);
    expect(stage.queue.deleted).toEqual(['m1']);
    expect(stage.state.mode('crm')).toMatchObject({ mode: 'recovering', announced: 2 });
    expect(stage.logged('a trial got through')).toMatchObject([{ key: 'a', messageId: 'm1' }]);
    expect(stage.metric('Trials')).toEqual([1]);
  });

  it('a trial of the router depends on the router’s own mode', async () => {
    stage.state.modes.set('router', { ...NORMAL, rev: 1, epoch: 1, mode: 'degraded' });
    stage.queue.waiting.push([record('m1', 'a')].map(toMessage));
    await stage.invoke({ sluice: 'trial' }, { stage: 'router' });
    expect(stage.processed).toEqual(['m1']);
    expect(stage.state.mode('router').mode).toBe('recovering');
  });

  it('an environment remembers across its invocations what it has written', async () => {
    const invoke = stage.start();
    await invoke({ Records: [record('m1', 'a')] });
    expect(stage.state.progress.get('crm')).toEqual({ deliveredAt: NOW });
    stage.state.progress.clear();
    await invoke({ Records: [record('m2', 'b')] });
    expect(stage.state.progress.size).toBe(0);
    await stage.invoke({ Records: [record('m3', 'c')] });
    expect(stage.state.progress.size).toBe(1);
  });

  it('anything else is an error that says so', async () => {
    for (const event of [null, undefined, {}, { sluice: 'dance' }, { Records: 'none' }])
      await expect(stage.invoke(event)).rejects.toThrow('neither an event of SQS nor a command of control');
  });
});
