/** What control asks of a stage's function, besides what its queues bring: the payloads of its invocations. */
import { isJsonObject } from '../event/event.ts';

export type StageCommand =
  /** Load everything, and answer. */
  | { readonly sluice: 'probe' }
  /** Work through a shard's parked keys that are due. */
  | { readonly sluice: 'drain'; readonly shard: number }
  /** The stage is degraded: try a message each of up to ten keys, and end with the first that makes progress. */
  | { readonly sluice: 'trial' };

export type ProbeAnswer =
  | { readonly ok: true; readonly codeVersion: string }
  | { readonly ok: false; readonly codeVersion: string; readonly error: string; readonly stack?: string };

/** `undefined`: it is not a command, but an event of SQS. */
export const readStageCommand = (event: unknown): StageCommand | undefined => {
  if (!isJsonObject(event)) return undefined;
  if (event['sluice'] === 'probe') return { sluice: 'probe' };
  if (event['sluice'] === 'trial') return { sluice: 'trial' };
  const shard = event['shard'];
  if (event['sluice'] === 'drain' && typeof shard === 'number') return { sluice: 'drain', shard };
  return undefined;
};
