import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { parseMode } from '../../../lambdas/core/mode/codec.ts';
import { UNREADABLE } from '../../../lambdas/core/mode/record.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { World } from './world.ts';

const disabled = { enabled: false, maximumConcurrency: 10 };

let world: World;
const hold = (stage: string, reason = 'maintenance') =>
  control({ command: 'hold', stage, reason }, world.deps);
const resume = (stage: string) => control({ command: 'resume', stage }, world.deps);

beforeEach(() => {
  world = new World();
});

describe('hold', () => {
  it('stops a stage immediately, and neither pages nor resolves', async () => {
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    expect(await hold('crm')).toMatchObject({
      ok: true,
      result: {
        id: 'crm',
        mode: 'normal',
        held: true,
        shut: true,
        reason: 'held: maintenance',
        parkedKeys: 1,
      },
    });
    expect(world.state.mode('crm')).toMatchObject({ held: true, holdReason: 'maintenance', epoch: 0 });
    expect(world.updates).toEqual({ 'mapping-crm': disabled });
    expect([world.metrics, world.announced, world.drains]).toEqual([[], [], []]);
  });

  it('of the router stops every stage', async () => {
    await hold('router');
    expect(world.updates).toEqual({
      'mapping-router': disabled,
      'mapping-crm': disabled,
      'mapping-lake': disabled,
    });
  });

  it('can be given twice, and with another reason', async () => {
    await hold('crm');
    await hold('crm');
    expect(world.state.mode('crm').rev).toBe(1);
    expect(await hold('crm', 'a dead disk')).toMatchObject({
      ok: true,
      result: { reason: 'held: a dead disk' },
    });
  });

  it('stands when what follows fails: the next run makes up for it', async () => {
    const { mappings } = world.deps;
    const update = () => Promise.reject(new InfraFault('Lambda is down'));
    const deps = { ...world.deps, mappings: { ...mappings, update } };
    const answer = await control({ command: 'hold', stage: 'crm', reason: 'maintenance' }, deps);
    expect(answer).toMatchObject({ ok: true, result: { held: true } });
    expect(world.logged.map(({ message }) => message)).toContain('could not bring the mapping in line');
    await control({ source: 'aws.events' }, world.deps);
    expect(world.updates).toEqual({ 'mapping-crm': disabled });
  });

  it('says so when the stored mode cannot be read, and so cannot be held', async () => {
    world.state.modes.set('crm', UNREADABLE);
    expect(await hold('crm')).toEqual({
      ok: false,
      refused: expect.stringContaining('"resume" replaces it'),
    });
  });

  it('knows only the stages that there are', async () => {
    expect(await hold('crn')).toEqual({
      ok: false,
      refused: 'stage: there is no stage "crn"; the stages are router, crm, lake',
    });
  });
});

describe('resume', () => {
  it('ends a hold', async () => {
    world.mode('crm', { held: true, holdReason: 'maintenance' });
    world.mapping('crm', { state: 'Disabled', maximumConcurrency: 10 });
    expect(await resume('crm')).toMatchObject({
      ok: true,
      result: { mode: 'normal', held: false, shut: false, reason: '' },
    });
    expect(world.updates).toEqual({ 'mapping-crm': { enabled: true, maximumConcurrency: 10 } });
  });

  it('makes a degraded stage recover: published, enabled gently, drained', async () => {
    world.degraded('crm');
    world.mapping('crm', { state: 'Disabled', maximumConcurrency: 10 });
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    await world.backOff('crm', 'ann', world.now + 3_600_000, 1);
    expect(await resume('crm')).toMatchObject({ ok: true, result: { mode: 'recovering', shut: false } });
    expect(world.announced.map(({ text }) => text)).toEqual(['crm entered recovering']);
    expect(world.state.mode('crm').announced).toBe(2);
    expect(world.metric('DegradedMode', 'crm')).toEqual([1]);
    expect(world.updates).toEqual({ 'mapping-crm': { enabled: true, maximumConcurrency: 2 } });
    expect(world.drains).toEqual([`function-crm/${shardOf('ann')}`]);
  });

  it('replaces a mode that cannot be read', async () => {
    world.state.modes.set('crm', UNREADABLE);
    expect(await resume('crm')).toMatchObject({ ok: true, result: { mode: 'recovering' } });
  });

  it('leaves the mode of a later version as it is, and says what to do', async () => {
    const later = parseMode({ mode: 'normal', held: false, epoch: 1, rev: 4, v: 2 });
    world.state.modes.set('crm', later);
    for (const answer of [await resume('crm'), await hold('crm')])
      expect(answer).toMatchObject({ ok: false, refused: expect.stringContaining('deploy that version') });
    expect(world.state.mode('crm')).toEqual(later);
    expect(await control({ command: 'status' }, world.deps)).toMatchObject({
      result: {
        stages: expect.arrayContaining([
          expect.objectContaining({ id: 'crm', shut: true, reason: later.reason }),
        ]),
      },
    });
  });

  it('of a stage that needs none says how it is', async () => {
    expect(await resume('crm')).toMatchObject({ ok: true, result: { mode: 'normal', held: false } });
    expect(world.state.modes.has('crm')).toBe(false);
  });

  it('does not unblock a stage that the router blocks', async () => {
    world.mode('router', { held: true });
    world.degraded('crm');
    expect(await resume('crm')).toMatchObject({ ok: true, result: { mode: 'degraded', shut: true } });
  });
});
