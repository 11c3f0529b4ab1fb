import { describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { asOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import { stageStatusOf } from '../../support/stage-status.ts';
import { START, World } from './world.ts';

describe('status', () => {
  it('of a stage without a stored record', async () => {
    const world = new World(['router']);
    world.counts.set('router.fifo', { visible: 3, inFlight: 2 });
    expect(await control({ command: 'status' }, world.deps)).toEqual({
      ok: true,
      result: {
        pipeline: 'shop',
        at: START,
        stages: [
          stageStatusOf('router', {
            queue: { visible: 3, inFlight: 2 },
            queueName: 'router.fifo',
            waiting: { messages: 5, keys: 0, own: 0 },
          }),
        ],
        orphans: [],
      },
    });
  });

  it('of a degraded stage', async () => {
    const world = new World();
    const lastCrash = { kind: 'throw', error: 'TypeError: x', codeVersion: 'bad', at: START } as const;
    const history = [{ epoch: 1, mode: 'degraded', at: START - 60_000, reason: 'why' }] as const;
    world.degraded('crm', {
      troubledSince: START - 70_000,
      lastCrash,
      history,
      redrives: [
        { id: 'old', at: START - 300_001 },
        { id: 'new', at: START - 300_000 },
      ],
    });
    world.mapping('crm', { state: 'Disabled', maximumConcurrency: undefined });
    world.counts.set('crm-dead-letters.fifo', { visible: 1, inFlight: 1 });
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    const answer = await control({ command: 'status' }, world.deps);
    expect(answer).toMatchObject({ ok: true, result: { stages: [{ id: 'router' }, {}, { id: 'lake' }] } });
    expect(answer).toHaveProperty('result.stages.1', {
      id: 'crm',
      mode: 'degraded',
      held: false,
      shut: true,
      epoch: 1,
      since: START - 60_000,
      troubledSince: START - 70_000,
      reason: '5 messages were redriven within 5 minutes',
      pauseUntil: START + 240_000,
      successes: 0,
      redrives: 1,
      spill: false,
      gauge: 1,
      probeFailures: 0,
      progress: {},
      next: [
        { text: expect.stringMatching(/^every minute a trial/) },
        { text: 'the pause ends, and recovery starts', at: START + 240_000 },
        { text: 'other code starts the recovery as soon as it answers a probe' },
      ],
      lastCrash,
      history,
      mapping: { state: 'Disabled' },
      queue: { visible: 0, inFlight: 0 },
      queueName: 'crm.fifo',
      waiting: { messages: 0, keys: 1, own: 0 },
      deadLetters: 2,
      parkedKeys: 1,
      oldestParkedAt: START,
    });
  });

  it('gives both reasons for a stage that is degraded and held, and no end of a pause whose clock is stopped', async () => {
    const world = new World();
    world.degraded('crm', { held: true, holdReason: 'maintenance', frozenAt: START - 1 });
    const answer = await control({ command: 'status' }, world.deps);
    expect(answer).toHaveProperty(
      'result.stages.1.reason',
      'held: maintenance; 5 messages were redriven within 5 minutes',
    );
    expect(answer).not.toHaveProperty('result.stages.1.pauseUntil');
  });

  it('has the last failure of each kind, progress, code and what waits from the first failure on', async () => {
    const world = new World();
    const failure = (text: string) => ({ text, at: START - 1_000, codeVersion: 'v' });
    const known = {
      lastFailure: failure('the destination answered 503'),
      lastRefusal: failure('AccessDenied: no'),
      lastRejection: failure('answered 400'),
      code: { version: 'v', since: START - 90_000 },
    };
    const failing = { since: START - 1_000, count: 1, keys: ['ann'] };
    world.mode('crm', { ...known, failing, waitingSince: START - 1_000 });
    await world.state.saveProgress('crm', { deliveredAt: START - 61_000 });
    world.counts.set('crm.fifo', { visible: 1, inFlight: 2, delayed: 4 });
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    await world.park('crm', 'bob', [{ messageId: 'e2' }], { reason: asOwnTrouble('answered 500') });
    const answer = await control({ command: 'status' }, world.deps);
    expect(answer).toMatchObject({
      result: {
        stages: [
          {},
          {
            ...known,
            mode: 'normal',
            progress: { deliveredAt: START - 61_000 },
            waiting: { messages: 7, keys: 1, own: 1 },
            parkedKeys: 2,
            next: [
              {
                text: 'degraded at the latest, if nothing has got through by then',
                at: START - 1_000 + 10 * 60_000,
              },
            ],
          },
          { progress: {} },
        ],
      },
    });
  });

  it('says until when a page stays open after a relapse', async () => {
    const world = new World();
    const relapse = { relapsed: true, proven: true, since: START - 60_000, pause: 600_000 };
    world.mode('crm', relapse);
    world.mode('lake', { ...relapse, since: START - 600_000 });
    const answer = await control({ command: 'status' }, world.deps);
    const until = START + 540_000;
    expect(answer).toMatchObject({
      result: {
        stages: [
          { gauge: 0 },
          {
            gauge: 1,
            gaugeUntil: until,
            next: [{ text: 'its page resolves, if it stays normal', at: until }],
          },
          { gauge: 0, next: [] },
        ],
      },
    });
    expect(answer).not.toHaveProperty('result.stages.2.gaugeUntil');
    expect(answer).not.toHaveProperty('result.stages.0.gaugeUntil');
  });

  it('of a stage that the router blocks says that it waits for that', async () => {
    const world = new World();
    world.degraded('router');
    world.degraded('crm');
    expect(await control({ command: 'status' }, world.deps)).toHaveProperty('result.stages.1.next', [
      { text: 'it waits for the router, which blocks every destination' },
    ]);
  });

  it('has the late crashes of each stage, which change nothing else of it', async () => {
    const world = new World();
    const before = await control({ command: 'status' }, world.deps);
    const last = { kind: 'late', error: 'Error: x', codeVersion: 'v', at: START, eventId: 'e1' } as const;
    await world.lateCrashes.addLateCrashes('crm', { count: 2, last });
    const answer = await control({ command: 'status' }, world.deps);
    expect(answer).toHaveProperty('result.stages.1.lateCrashes', { count: 2, since: START, last });
    expect(answer).toMatchObject(before ?? {});
    for (const stage of ['0', '2']) expect(answer).not.toHaveProperty(`result.stages.${stage}.lateCrashes`);
  });

  it('shows that the router blocks a stage that is normal itself', async () => {
    const world = new World();
    world.degraded('router');
    expect(await control({ command: 'status' }, world.deps)).toMatchObject({
      result: { stages: [{}, { mode: 'normal', shut: true }, { mode: 'normal', shut: true }] },
    });
  });

  it('names what former destinations have left behind', async () => {
    const world = new World();
    const queues = (id: string) => ({
      queueName: `${id}.fifo`,
      deadLetterQueueName: `${id}-dead-letters.fifo`,
    });
    for (const id of ['router', 'gone', 'waiting', 'dead', 'parked']) world.registry.set(id, queues(id));
    world.counts.set('waiting.fifo', { visible: 0, inFlight: 1 });
    world.counts.set('dead-dead-letters.fifo', { visible: 2, inFlight: 0 });
    await world.park('parked', 'ann', [{ messageId: 'e1' }]);
    const empty = { visible: 0, inFlight: 0 };
    expect(await control({ command: 'status' }, world.deps)).toHaveProperty('result.orphans', [
      {
        id: 'waiting',
        queue: { visible: 0, inFlight: 1 },
        ...queues('waiting'),
        deadLetters: 0,
        parkedKeys: 0,
      },
      { id: 'dead', queue: empty, ...queues('dead'), deadLetters: 2, parkedKeys: 0 },
      { id: 'parked', queue: empty, ...queues('parked'), deadLetters: 0, parkedKeys: 1 },
    ]);
  });
});
