/** What control tells of the pipeline each minute, besides the gauges of the modes. */
import { allDone } from '../core/all-done.ts';
import { isShut, type ModeRecord } from '../core/mode.ts';
import type { Survey } from './drains.ts';
import { fewCalls, namesOf } from './mappings.ts';
import type { ControlDeps, ControlledStage, MetricDatum } from './ports.ts';
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
  surveys: readonly Survey[],
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
  surveys: ReadonlyMap<string, Survey>,
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
  deps: ControlDeps,
  steps: Steps,
  records: readonly ModeRecord[],
): Promise<void> => {
  const { pipeline, stages, clock, metrics } = deps;
  const [system] = records;
  const at = clock();
  const limit = fewCalls();
  const waits = await allDone(
    stages.map(async (stage, i) => {
      const own = records[i];
      if (own?.troubledSince === undefined || system === undefined || !isShut([own, system])) return [];
      const since = own.troubledSince;
      const isWaiting = await steps.try('count what waits', () => limit(() => hasBacklog(deps, stage)), {
        stage: stage.id,
      });
      return isWaiting === true ? [{ stage: stage.id, age: (at - since) / 1000 }] : [];
    }),
  );
  const all = waits.flat();
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

const hasBacklog = async (deps: ControlDeps, stage: ControlledStage): Promise<boolean> => {
  const { queueName } = await namesOf(deps, stage);
  const counts = await deps.counts.read(queueName);
  return counts !== undefined && counts.visible + counts.inFlight > 0;
};
