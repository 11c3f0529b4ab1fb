/** What control reports of the pipeline each minute, besides the gauges of the modes. */
import type { ModeSettings } from '../core/mode/machine.ts';
import { isBlocked } from '../core/mode/record.ts';
import type { ControlDeps, MetricDatum } from './ports.ts';
import type { Snapshot, StageSnapshot } from './snapshot.ts';
import type { Steps } from './steps.ts';
import type { Parked } from './survey.ts';

export const heartbeat = ({ pipeline, clock }: ControlDeps): MetricDatum => ({
  name: 'Heartbeat',
  value: 1,
  dimensions: { Pipeline: pipeline },
  at: clock(),
  resolution: 60,
});

const parkedData = (
  dimensions: MetricDatum['dimensions'],
  surveys: readonly Parked[],
  at: number,
): readonly MetricDatum[] => {
  const oldest = Math.min(at, ...surveys.map(({ oldestParkedAt }) => oldestParkedAt ?? at));
  const keys = surveys.reduce((sum, survey) => sum + survey.keys, 0);
  return [
    { name: 'ParkedKeys', value: keys, unit: 'Count', dimensions, at, resolution: 60 },
    { name: 'OldestParkedAge', value: (at - oldest) / 1000, unit: 'Seconds', dimensions, at, resolution: 60 },
  ];
};

export const putParked = async (
  { pipeline, clock, metrics }: ControlDeps,
  steps: Steps,
  { stages }: Snapshot,
): Promise<void> => {
  const at = clock();
  const surveys = stages.flatMap(({ look }) => look?.parked ?? []);
  const data = stages.flatMap(({ stage, look }) =>
    look?.parked === undefined ? [] : parkedData({ Pipeline: pipeline, Stage: stage.id }, [look.parked], at),
  );
  // A sum of some stages only would look as if keys had been drained.
  if (surveys.length === stages.length) data.push(...parkedData({ Pipeline: pipeline }, surveys, at));
  if (data.length > 0) await steps.try('put what is parked', () => metrics.put(data));
};

/**
 * How long messages have waited at the stages that are blocked. Stages report the age of what they receive, and a stage that
 * is blocked receives nothing: without this a forgotten hold would never raise an alarm.
 */
export const putWaiting = async (
  { pipeline, clock, metrics }: ControlDeps,
  steps: Steps,
  { system, stages }: Snapshot,
): Promise<void> => {
  const at = clock();
  const all = stages.flatMap(({ stage, record, look }) => {
    if (record.troubledSince === undefined || !isBlocked([record, system])) return [];
    const messages = look?.messages ?? 0;
    return messages === 0 ? [] : [{ stage: stage.id, age: (at - record.troubledSince) / 1000 }];
  });
  if (all.length === 0) return;
  const datum = (value: number, dimensions: MetricDatum['dimensions']): MetricDatum => ({
    name: 'OldestMessageAge',
    value,
    unit: 'Seconds',
    dimensions,
    at,
    resolution: 60,
  });
  const data = [
    ...all.map(({ stage, age }) => datum(age, { Pipeline: pipeline, Stage: stage })),
    datum(Math.max(...all.map(({ age }) => age)), { Pipeline: pipeline }),
  ];
  await steps.try('put what waits', () => metrics.put(data));
};

/**
 * Users are being parked by a stage that is normal: as many redrives as would degrade it, if they were not so small a share; or as many
 * users parked since it is normal, redriven or in trouble of their own. Which of the two a crash leads to depends on who else got through
 * between two attempts at a message.
 */
const parksUsers = (
  { record: { mode, since, belowShareAt }, look }: StageSnapshot,
  at: number,
  { window, redriveThreshold }: Pick<ModeSettings, 'window' | 'redriveThreshold'>,
): boolean => {
  if (mode !== 'normal') return false;
  const isRecent = (time: number): boolean => at - time <= window;
  const parked = look?.parked?.parkedAt.filter((time) => time >= since && isRecent(time)) ?? [];
  return (belowShareAt !== undefined && isRecent(belowShareAt)) || parked.length >= redriveThreshold;
};

/** Two probes in a row have failed in a stage that is normal, because messages got through in between. */
const failsProbes = ({ record: { mode, probeFailures } }: StageSnapshot): boolean =>
  mode === 'normal' && probeFailures > 1;

/** Pages about stages that are normal: how many of the pipeline's stages each of them is about. */
export const putPages = async (
  { pipeline, settings, clock, metrics }: ControlDeps,
  steps: Steps,
  { stages }: Snapshot,
): Promise<void> => {
  const at = clock();
  const datum = (name: MetricDatum['name'], about: readonly StageSnapshot[]): MetricDatum => ({
    name,
    value: about.length,
    unit: 'Count',
    dimensions: { Pipeline: pipeline },
    at,
    resolution: 60,
  });
  const data = [
    datum(
      'UsersParked',
      stages.filter((stage) => parksUsers(stage, at, settings)),
    ),
    datum('ProbesFailing', stages.filter(failsProbes)),
  ];
  await steps.try('put what concerns stages that are normal', () => metrics.put(data));
};
