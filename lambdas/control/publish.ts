/** Says to the world which mode a stage has: the gauge that pages, and the flip topic for programs. */
import { allDone } from '../core/base/all-done.ts';
import { publishMode } from '../core/mode/keeper.ts';
import type { ModeRecord } from '../core/mode/record.ts';
import { gaugeOf } from '../core/mode/transitions.ts';
import type { ControlDeps, MetricDatum } from './ports.ts';
import type { Steps } from './steps.ts';

/**
 * See `gaugeOf`: one incident is one page and one resolve, whatever happens in between.
 * @param at before the mode was read: a value that was true then must not pass for a later one
 */
export const gauge = (pipeline: string, stage: string, record: ModeRecord, at: number): MetricDatum => ({
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
    reason: record.reason,
  });
  await allDone([
    steps.try('publish the gauge', () => metrics.put([gauge(pipeline, stage, record, at)]), { stage }),
    steps.try('announce the mode', () => publishMode(deps, stage, record), { stage, room: ANNOUNCE_ROOM }),
  ]);
};

/** Milliseconds: a call of SNS, a read and a write. */
export const ANNOUNCE_ROOM = 10_000;
