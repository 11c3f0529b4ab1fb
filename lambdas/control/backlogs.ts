/** How long the queues are, and how much of each is one user's. */
import { hottest } from '../core/stage/hot-keys.ts';
import type { ControlDeps, MetricDatum } from './ports.ts';
import type { Snapshot } from './snapshot.ts';
import type { Steps } from './steps.ts';

/** A FIFO queue looks at its first 120,000 messages only: long before that an operator should know whose they are. */
export const putBacklogs = async (
  { pipeline, clock, metrics, hotKeys }: ControlDeps,
  steps: Steps,
  { stages }: Snapshot,
): Promise<void> => {
  const at = clock();
  const datum = (name: MetricDatum['name'], value: number, stage?: string): MetricDatum => ({
    name,
    value,
    unit: 'Count',
    dimensions: { Pipeline: pipeline, ...(stage === undefined ? {} : { Stage: stage }) },
    at,
    resolution: 60,
  });
  await steps.try('put the backlogs', async () => {
    const reports = await hotKeys.readHotKeys(stages.map(({ stage }) => stage.id));
    const messagesOf = new Map(stages.map(({ stage, look }) => [stage.id, look?.messages ?? 0]));
    const keys = [...reports].flatMap(([id, ofStage]) => {
      const [largest] = hottest(ofStage, messagesOf.get(id) ?? 0, at);
      return largest === undefined ? [] : [{ id, backlog: largest.backlog }];
    });
    await metrics.put([
      datum('QueueBacklog', Math.max(0, ...messagesOf.values())),
      datum('KeyBacklog', Math.max(0, ...keys.map(({ backlog }) => backlog))),
      ...keys.map(({ id, backlog }) => datum('KeyBacklog', backlog, id)),
    ]);
  });
};
