/** Trials: each minute, in each stage that is degraded and not stopped. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { UNREADABLE } from '../../../lambdas/core/mode/record.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { START, World } from './world.ts';

let world: World;
const minute = () => control({ source: 'aws.events' }, world.deps);

beforeEach(() => {
  world = new World();
});

describe('a trial', () => {
  it('is started each minute in a stage that is degraded, and not on a flip', async () => {
    world.degraded('crm');
    await minute();
    await minute();
    await control({ Records: [{ EventSource: 'aws:sns' }] }, world.deps);
    expect(world.trials).toEqual(['function-crm', 'function-crm']);
  });

  it('is started in the router too, and then in no destination: it is stopped', async () => {
    world.degraded('router');
    world.degraded('crm');
    await minute();
    expect(world.trials).toEqual(['function-router']);
  });

  it('is started in none that is held, and in none while the router is held', async () => {
    world.degraded('crm', { held: true });
    await minute();
    world.degraded('crm');
    world.mode('router', { held: true });
    await minute();
    expect(world.trials).toEqual([]);
  });

  it('is not started in a stage that leaves degraded in this run', async () => {
    world.degraded('crm', { pauseUntil: START - 1 });
    await minute();
    expect(world.state.mode('crm').mode).toBe('recovering');
    expect(world.trials).toEqual([]);
  });

  it('is not started where the mode cannot be read: only an operator releases that stage', async () => {
    world.state.modes.set('crm', UNREADABLE);
    await minute();
    expect(world.trials).toEqual([]);
  });

  it('that cannot be started costs the others nothing, and the next run starts it', async () => {
    world.degraded('crm');
    world.degraded('lake');
    const { functions } = world.deps;
    const startTrial: typeof functions.startTrial = (name) =>
      name === 'function-crm' ? Promise.reject(new InfraFault('throttled')) : functions.startTrial(name);
    const deps = { ...world.deps, functions: { ...functions, startTrial } };
    await expect(control({ source: 'aws.events' }, deps)).rejects.toThrow('throttled');
    expect(world.trials).toEqual(['function-lake']);
    await minute();
    expect(world.trials).toEqual(['function-lake', 'function-crm', 'function-lake']);
  });
});
