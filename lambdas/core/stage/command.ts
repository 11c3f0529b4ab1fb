/** What control asks of a stage's function, besides what its queues bring: the payloads of its invocations. */
import { isJsonObject } from '../event/event.ts';

export type StageCommand =
  /** Load everything, and answer. */
  | { readonly sluice: 'probe' }
  /** Work through parked keys that are due. */
  | ({ readonly sluice: 'drain' } & DrainWork)
  /** The stage is degraded: try a message each of up to ten keys, and end with the first that makes progress. */
  | { readonly sluice: 'trial' };

/** What a drain worker goes through: the keys of a shard, or a part of them. */
export interface DrainWork {
  readonly shard: number;
  /** From 0 to `parts` - 1. Not there: all of the shard. */
  readonly part?: number;
  readonly parts?: number;
  /** Until when a worker that runs out of time starts its successor; milliseconds since 1970. Not there: never. */
  readonly until?: number;
  /** How many successors there may still be. */
  readonly successors?: number;
}

/** Lambda ends a chain of 16 invocations that come from each other, since it might have no end. */
export const MAX_SUCCESSORS = 10;

/** What the successor of a worker does; undefined: there is none, and control starts workers again. */
export const successorOf = (
  { shard, part, parts, successors = 0, until = 0 }: DrainWork,
  now: number,
): DrainWork | undefined =>
  successors > 0 && now < until
    ? {
        shard,
        ...(part === undefined || parts === undefined ? {} : { part, parts }),
        until,
        successors: successors - 1,
      }
    : undefined;

export type ProbeAnswer =
  | { readonly ok: true; readonly codeVersion: string }
  | { readonly ok: false; readonly codeVersion: string; readonly error: string; readonly stack?: string };

/** `undefined`: it is not a command, but an event of SQS. */
export const readStageCommand = (event: unknown): StageCommand | undefined => {
  if (!isJsonObject(event)) return undefined;
  if (event['sluice'] === 'probe') return { sluice: 'probe' };
  if (event['sluice'] === 'trial') return { sluice: 'trial' };
  const { shard, part, parts, until, successors } = event;
  if (event['sluice'] !== 'drain' || typeof shard !== 'number') return undefined;
  return {
    sluice: 'drain',
    shard,
    ...(typeof part === 'number' && typeof parts === 'number' ? { part, parts } : {}),
    ...(typeof until === 'number' && typeof successors === 'number' ? { until, successors } : {}),
  };
};
