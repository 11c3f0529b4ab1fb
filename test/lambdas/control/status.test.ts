import { describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { START, World } from './world.ts';

describe('status', () => {
  it('of a stage of which nothing is stored', async () => {
    const world = new World(['router']);
    world.counts.set('router.fifo', { visible: 3, inFlight: 2 });
    expect(await control({ command: 'status' }, world.deps)).toEqual({
      ok: true,
      result: {
        pipeline: 'shop',
        at: START,
        stages: [
          {
            id: 'router',
            mode: 'normal',
            held: false,
            shut: false,
            epoch: 0,
            reason: '',
            successes: 0,
            redrives: 0,
            spill: false,
            history: [],
            mapping: { state: 'Enabled', maximumConcurrency: 10 },
            queue: { visible: 3, inFlight: 2 },
            deadLetters: 0,
            parkedKeys: 0,
          },
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
      lastCrash,
      history,
      mapping: { state: 'Disabled' },
      queue: { visible: 0, inFlight: 0 },
      deadLetters: 2,
      parkedKeys: 1,
      oldestParkedAt: START,
    });
  });

  it('tells both reasons of a stage that is degraded and held, and no end of a pause that stands still', async () => {
    const world = new World();
    world.degraded('crm', { held: true, holdReason: 'maintenance', frozenAt: START - 1 });
    const answer = await control({ command: 'status' }, world.deps);
    expect(answer).toHaveProperty(
      'result.stages.1.reason',
      'held: maintenance; 5 messages were redriven within 5 minutes',
    );
    expect(answer).not.toHaveProperty('result.stages.1.pauseUntil');
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

  it('shows that the router shuts a stage that is normal itself', async () => {
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
      { id: 'waiting', queue: { visible: 0, inFlight: 1 }, deadLetters: 0, parkedKeys: 0 },
      { id: 'dead', queue: empty, deadLetters: 2, parkedKeys: 0 },
      { id: 'parked', queue: empty, deadLetters: 0, parkedKeys: 1 },
    ]);
  });
});
