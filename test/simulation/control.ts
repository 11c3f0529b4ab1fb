import { isDue } from '../../lambdas/core/stage/drain.ts';
import { changeMode } from '../../lambdas/core/mode/change.ts';
import type { Probe } from '../../lambdas/core/mode/machine.ts';
import { isShut, NORMAL } from '../../lambdas/core/mode/record.ts';
import { inOwnTrouble } from '../../lambdas/core/stage/own-trouble.ts';
import { shardOf } from '../../lambdas/core/stage/parking.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { reconcileMapping } from '../../lambdas/core/mode/mapping.ts';
import { gated } from '../support/ports-gate.ts';
import type { Invocation } from './invocation.ts';
import { MAX_CONCURRENCY, type Mapping } from './mappings.ts';
import { ROUTER, STAGE } from './settings.ts';
import type { World } from './world.ts';

export interface Started {
  readonly startDrain: (shard: number) => void;
  readonly startTrial: () => void;
  /** Messages of the queue. */
  readonly queued: number;
}

/** What control does each minute, without its metrics. An outage ends the run; the next one does it all again. */
export const control = async (
  world: World,
  { gate }: Invocation,
  mapping: Mapping,
  { startDrain, startTrial, queued }: Started,
): Promise<void> => {
  const modes = gated(world.state, 'modes', gate);
  const parking = gated(world.parking, 'parking', gate);
  const { schedule, code } = world;
  const changes = { ...world.changes, modes };
  const probe = (version: string, loads: boolean): Probe =>
    loads
      ? { kind: 'answered', codeVersion: version }
      : {
          kind: 'failed',
          crash: { kind: 'load', error: 'does not load', codeVersion: version, at: schedule.now },
        };
  try {
    await changeMode(changes, ROUTER, {
      type: 'tick',
      probe: probe('r', world.routerLoads),
      waiting: { messages: 0, keys: 0, own: 0 },
    });
    const keys = world.parking.keys(STAGE).map((key) => world.parking.head(STAGE, key));
    const own = keys.filter((head) => head !== undefined && inOwnTrouble(head)).length;
    const waiting = { messages: queued, keys: keys.length - own, own };
    const tick = { type: 'tick', probe: probe(code.version, code.loads), waiting } as const;
    const { after: record, flipped } = await changeMode(changes, STAGE, tick);
    if (flipped) world.log(`${STAGE} is ${record.mode}: ${record.reason}`);
    world.watchMode();
    const [system = NORMAL] = await modes.readModes([ROUTER]);
    const { enabled, concurrency: maximumConcurrency } = mapping;
    const present = { state: enabled ? 'Enabled' : 'Disabled', maximumConcurrency };
    const change = reconcileMapping(record, system, present, MAX_CONCURRENCY);
    if (change !== undefined) {
      mapping.enabled = change.enabled;
      mapping.concurrency = change.maximumConcurrency;
    }
    if (record.mode === 'degraded' && !record.held && !isShut([system])) startTrial();
    if (isShut([record, system])) return;
    // Shards in which nothing is parked are left out: they are nine in ten, and no more than a call each.
    for (const shard of new Set(world.parking.keys(STAGE).map(shardOf))) {
      const { heads } = await parking.heads(STAGE, shard, { limit: 100 });
      if (heads.some((head) => isDue(head, record, schedule.now))) startDrain(shard);
    }
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
  }
};
