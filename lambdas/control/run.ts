/**
 * Control's run: publishes what the stages' modes are, lets time and what it sees change them, and brings the rest of the
 * pipeline in line with them. It is level-triggered: it goes by what is stored, not by what has happened, so that it is
 * safe to run twice, in parallel even, and safe to miss a run.
 *
 * Nothing is changed before what was read has been published: a mode that came and went between two runs would
 * otherwise page nobody. Only the minute's run looks at the stages (probes, what waits) and starts trials, since what it sees means
 * something only when there is time between two looks.
 */
import { allDone } from '../core/base/all-done.ts';
import { keepMode, publishMode } from '../core/mode/keeper.ts';
import type { ModeRecord } from '../core/mode/record.ts';
import type { StageQueues } from '../core/mode/ports.ts';
import { drainStages } from './drains.ts';
import { lookAtAll, type Look } from './look.ts';
import { bringMappings, namesOf } from './mappings.ts';
import { heartbeat, putPages, putParked, putWaiting } from './metrics.ts';
import type { ControlDeps, ControlledStage } from './ports.ts';
import { ANNOUNCE_ROOM, gauge, publishFlip } from './publish.ts';
import { Steps } from './steps.ts';
import { startTrials } from './trials.ts';

/** Milliseconds: a tick is a read and a write. */
const TICK_ROOM = 10_000;

/**
 * @throws InfraFault when the modes cannot be read: nothing is done then
 * @throws AggregateError of the steps that failed; the others were done
 */
export const runControl = async (
  deps: ControlDeps,
  { minute }: { readonly minute: boolean },
): Promise<void> => {
  const steps = new Steps(deps);
  const at = deps.clock();
  const read = await deps.modes.readModes(deps.stages.map(({ id }) => id));
  const published = await publish(deps, steps, read, at);
  const looks = minute ? await lookAtAll(deps, steps, read, { probe: published }) : [];
  const records = published ? await tickAll(deps, steps, read, looks) : read;
  await bringMappings(deps, steps, records);
  const parked = new Map(
    deps.stages.flatMap(({ id }, i) => {
      const found = looks[i]?.parked;
      return found === undefined ? [] : [[id, found] as const];
    }),
  );
  await drainStages(deps, steps, records, parked);
  if (minute) {
    await startTrials(deps, steps, records);
    await putParked(deps, steps, parked);
    await putWaiting(deps, steps, records, looks);
    await putPages(deps, steps, records);
    await steps.try('remember the stages', () => register(deps));
    // The last step: it says that control publishes what it reads and gets to its end, whatever trouble a single stage has.
    if (published) await steps.try('put the heartbeat', () => deps.metrics.put([heartbeat(deps)]));
  }
  steps.end();
};

/** @returns whether the gauges were taken */
const publish = async (
  deps: ControlDeps,
  steps: Steps,
  read: readonly ModeRecord[],
  at: number,
): Promise<boolean> => {
  const { pipeline, stages, metrics } = deps;
  const gauges = read.map((record, i) => gauge(pipeline, stages[i]?.id ?? '', record, at));
  const put = await steps.try('publish the gauges', async () => {
    await metrics.put(gauges);
    return true;
  });
  await allDone(
    read.map(async (record, i) => {
      const stage = stages[i]?.id ?? '';
      if (record.announced >= record.epoch) return;
      await steps.try('announce the mode', () => publishMode(deps, stage, record), {
        stage,
        room: ANNOUNCE_ROOM,
      });
    }),
  );
  return put ?? false;
};

/**
 * @param looks of all stages, in their order; none on a flip
 * @returns the modes as they are now
 */
const tickAll = async (
  deps: ControlDeps,
  steps: Steps,
  read: readonly ModeRecord[],
  looks: readonly Look[],
): Promise<readonly ModeRecord[]> => {
  const tick = async (i: number): Promise<ModeRecord | undefined> => {
    const stage = deps.stages[i];
    return stage === undefined ? undefined : tickStage(deps, steps, stage, looks[i]);
  };
  // The router's first: the others' clocks stand still or go on as the system says.
  const system = await tick(0);
  const others = await allDone(deps.stages.slice(1).map((_, i) => tick(i + 1)));
  const after = [system, ...others];
  return read.map((record, i) => after[i] ?? record);
};

const tickStage = (
  deps: ControlDeps,
  steps: Steps,
  { id }: ControlledStage,
  { probe, waiting, hint }: Look = {},
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
    if (before !== undefined) changed.set(`${stage.id} (formerly ${before.queueName})`, before);
    const deadLetterQueueName = await counts.deadLetterQueueName(queueName);
    if (deadLetterQueueName !== undefined) changed.set(stage.id, { queueName, deadLetterQueueName });
  }
  if (changed.size > 0) await registry.save(changed);
};
