/**
 * Control's run: publishes what the stages' modes are, lets time and what it sees change them, and brings the rest of the
 * pipeline in line with them. It is level-triggered: it goes by what is stored, not by what has happened, so that it is
 * safe to run twice, in parallel even, and safe to miss a run.
 *
 * Nothing is changed before what was read has been published: a mode that came and went between two runs would
 * otherwise page nobody. Only the minute's run looks at the stages (probes, what waits) and starts trials, since what it sees means
 * something only when there is time between two looks.
 */
import { formerId } from '../../contract/status.ts';
import { allDone } from '../core/base/all-done.ts';
import { keepMode } from '../core/mode/keeper.ts';
import type { ModeRecord } from '../core/mode/record.ts';
import type { StageQueues } from '../core/mode/ports.ts';
import { putBacklogs } from './backlogs.ts';
import { drainStages } from './drains.ts';
import { putDrill } from './drill.ts';
import { lookAtAll } from './look.ts';
import { bringMappings, namesOf } from './mappings.ts';
import { heartbeat, putPages, putParked, putWaiting } from './metrics.ts';
import type { ControlDeps } from './ports.ts';
import { publishAll, publishFlip } from './publish.ts';
import { keepRetention } from './retention.ts';
import {
  isRouter,
  readSnapshot,
  routerOf,
  snapshotOf,
  type Snapshot,
  type StageSnapshot,
} from './snapshot.ts';
import { Steps } from './steps.ts';
import { startTrials } from './trials.ts';

/** Milliseconds: a tick is a read and a write. */
const TICK_ROOM = 10_000;

/**
 * @throws InfraFault when the modes cannot be read: nothing is done then
 * @throws AggregateError of the steps that failed; the others were done
 */
export const reconcile = async (
  deps: ControlDeps,
  { minute }: { readonly minute: boolean },
): Promise<void> => {
  const steps = new Steps(deps);
  const at = deps.clock();
  const read = await readSnapshot(deps);
  const published = await publishAll(deps, steps, read, at);
  const seen = minute ? await lookAtAll(deps, steps, read, { probe: published }) : read;
  const now = published ? await tickAll(deps, steps, seen) : seen;
  await bringMappings(deps, steps, now);
  await drainStages(deps, steps, now);
  if (minute) {
    await startTrials(deps, steps, now);
    await putParked(deps, steps, now);
    await putWaiting(deps, steps, now);
    await putBacklogs(deps, steps, now);
    await putPages(deps, steps, now);
    await putDrill(deps, steps);
    await keepRetention(deps, steps);
    await steps.try('remember the stages', () => register(deps));
    // The last step: it says that control publishes what it reads and gets to its end, whatever trouble a single stage has.
    if (published) await steps.try('put the heartbeat', () => deps.metrics.put([heartbeat(deps)]));
  }
  steps.end();
};

/** @returns the snapshot, with the modes as they are now */
const tickAll = async (deps: ControlDeps, steps: Steps, { stages }: Snapshot): Promise<Snapshot> => {
  const tick = async (one: StageSnapshot): Promise<StageSnapshot> => ({
    ...one,
    record: (await tickStage(deps, steps, one)) ?? one.record,
  });
  // The router's first: the others' clocks stand still or run as the system says.
  const router = await tick(routerOf(stages));
  const others = stages.filter(({ stage }) => !isRouter(stage));
  return snapshotOf([router, ...(await allDone(others.map(tick)))]);
};

const tickStage = (
  deps: ControlDeps,
  steps: Steps,
  { stage: { id }, look: { probe, waiting, hint } = {} }: StageSnapshot,
): Promise<ModeRecord | undefined> =>
  steps.try(
    'let time pass in the mode',
    async () => {
      const at = deps.clock();
      const tick = {
        type: 'tick',
        ...(probe === undefined ? {} : { probe }),
        ...(waiting === undefined ? {} : { waiting }),
        ...(hint === undefined ? {} : { hint }),
      } as const;
      return keepMode(deps, id, tick, ({ after }) => publishFlip(deps, steps, id, after, at));
    },
    { stage: id, room: TICK_ROOM },
  );

/** Remembers which stages there are, for the day when one is no longer configured and has left messages behind. */
const register = async (deps: ControlDeps): Promise<void> => {
  const { stages, registry, counts } = deps;
  const known = await registry.read();
  const changed = new Map<string, StageQueues>();
  for (const stage of stages) {
    const { queueName } = await namesOf(deps, stage);
    const before = known.get(stage.id);
    if (before?.queueName === queueName) continue;
    // Removed and added again it has another queue; the former one may hold messages still.
    if (before !== undefined) changed.set(formerId(stage.id, before.queueName), before);
    const deadLetterQueueName = await counts.deadLetterQueueName(queueName);
    if (deadLetterQueueName !== undefined) changed.set(stage.id, { queueName, deadLetterQueueName });
  }
  if (changed.size > 0) await registry.save(changed);
};
