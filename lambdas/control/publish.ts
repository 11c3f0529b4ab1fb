/** Says to the world which mode a stage has: the gauge that pages, and the flip topic for programs. */
import { allDone } from '../core/base/all-done.ts';
import { publishMode } from '../core/mode/keeper.ts';
import { ownWords } from '../core/base/own-words.ts';
import type { ModeRecord } from '../core/mode/record.ts';
import { gaugeOf } from '../core/mode/transitions.ts';
import type { ControlDeps, MetricDatum } from './ports.ts';
import type { Snapshot } from './snapshot.ts';
import type { Steps } from './steps.ts';

/** Milliseconds: an SNS call, a read and a write. */
const ANNOUNCE_ROOM = 10_000;

/**
 * See `gaugeOf`: one incident is one page and one resolve, whatever happens in between.
 * @param at before the mode was read: a value that was true then must not pass for a later one
 */
const gauge = (pipeline: string, stage: string, record: ModeRecord, at: number): MetricDatum => ({
  name: 'DegradedMode',
  value: gaugeOf(record, at),
  dimensions: { Pipeline: pipeline, Stage: stage },
  at,
  resolution: 1,
});

/** @param at before the change was made */
export const publishFlip = async (
  deps: ControlDeps,
  steps: Steps,
  stage: string,
  record: ModeRecord,
  at: number,
): Promise<void> => {
  const { pipeline, metrics, log } = deps;
  log('warn', 'the mode has changed', {
    stage,
    mode: record.mode,
    epoch: record.epoch,
    reason: ownWords(record.reason),
  });
  await allDone([
    steps.try('publish the gauge', () => metrics.put([gauge(pipeline, stage, record, at)]), { stage }),
    steps.try('announce the mode', () => publishMode(deps, stage, record), { stage, room: ANNOUNCE_ROOM }),
  ]);
};

/**
 * Publishes what is stored.
 * @param at before it was read
 * @returns whether the gauges were taken
 */
export const publishAll = async (
  deps: ControlDeps,
  steps: Steps,
  { stages }: Snapshot,
  at: number,
): Promise<boolean> => {
  const { pipeline, metrics } = deps;
  const put = await steps.try('publish the gauges', async () => {
    await metrics.put(stages.map(({ stage, record }) => gauge(pipeline, stage.id, record, at)));
    return true;
  });
  await allDone(
    stages.map(async ({ stage: { id: stage }, record }) => {
      if (record.announced >= record.epoch) return;
      await steps.try('announce the mode', () => publishMode(deps, stage, record), {
        stage,
        room: ANNOUNCE_ROOM,
      });
    }),
  );
  return put ?? false;
};
