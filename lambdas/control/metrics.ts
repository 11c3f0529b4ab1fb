/** What control tells of the pipeline each minute, besides the gauges of the modes. */
import { isShut, type ModeRecord } from '../core/mode/record.ts';
import type { Parked } from './drains.ts';
import type { Look } from './look.ts';
import type { ControlDeps, MetricDatum } from './ports.ts';
import type { Steps } from './steps.ts';

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
  { pipeline, stages, clock, metrics }: ControlDeps,
  steps: Steps,
  surveys: ReadonlyMap<string, Parked>,
): Promise<void> => {
  const at = clock();
  const data = [...surveys].flatMap(([stage, survey]) =>
    parkedData({ Pipeline: pipeline, Stage: stage }, [survey], at),
  );
  // A sum of some stages only would look as if keys had been drained.
  if (surveys.size === stages.length)
    data.push(...parkedData({ Pipeline: pipeline }, [...surveys.values()], at));
  if (data.length > 0) await steps.try('put what is parked', () => metrics.put(data));
};

/**
 * How long messages have waited at the stages that are shut. Stages tell the age of what they receive, and a stage that
 * is shut receives nothing: without this a hold that was forgotten would ring nowhere.
 */
export const putWaiting = async (
  { pipeline, stages, clock, metrics }: ControlDeps,
  steps: Steps,
  records: readonly ModeRecord[],
  looks: readonly Look[],
): Promise<void> => {
  const [system] = records;
  const at = clock();
  const all = stages.flatMap(({ id }, i) => {
    const own = records[i];
    if (own?.troubledSince === undefined || system === undefined || !isShut([own, system])) return [];
    const messages = looks[i]?.messages ?? 0;
    return messages === 0 ? [] : [{ stage: id, age: (at - own.troubledSince) / 1000 }];
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

/** Users are being parked by a stage that is normal: as many redrives as would degrade it, if they were not so small a share. */
const parksUsers = ({ mode, belowShareAt }: ModeRecord, at: number, window: number): boolean =>
  mode === 'normal' && belowShareAt !== undefined && at - belowShareAt <= window;

/** Two probes in a row have failed in a stage that is normal, because messages got through in between. */
const failsProbes = ({ mode, probeFailures }: ModeRecord): boolean => mode === 'normal' && probeFailures > 1;

/** Pages about stages that are normal: how many of the pipeline's stages each of them is about. */
export const putPages = async (
  { pipeline, settings, clock, metrics }: ControlDeps,
  steps: Steps,
  records: readonly ModeRecord[],
): Promise<void> => {
  const at = clock();
  const datum = (name: MetricDatum['name'], isAbout: (record: ModeRecord) => boolean): MetricDatum => ({
    name,
    value: records.filter(isAbout).length,
    unit: 'Count',
    dimensions: { Pipeline: pipeline },
    at,
    resolution: 60,
  });
  const data = [
    datum('UsersParked', (record) => parksUsers(record, at, settings.window)),
    datum('ProbesFailing', failsProbes),
  ];
  await steps.try('put what concerns stages that are normal', () => metrics.put(data));
};
