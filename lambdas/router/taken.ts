/**
 * How far a destination's queue has taken a message whose part another queue did not take. Kept as a short hash of what the transform
 * made of each event: code that makes other outputs at the next attempt has them sent to every destination, and none misses what is new.
 */
import { stringify } from '../core/base/exact-json.ts';
import { fingerprint } from '../core/event/deduplication-id.ts';
import type { Made } from './parts.ts';

/** Characters of a hash. */
const LENGTH = 6;

/** @returns the hashes of the events from one place of the message to another, that one not included; one behind the other */
export const hashesOf = (made: readonly Made[], from: number, to: number): string => {
  const outputs = Array.from({ length: Math.max(0, to - from) }, (): string[] => []);
  for (const { output, place } of made) outputs[place - from]?.push(stringify(output));
  return outputs.map((texts) => fingerprint(texts).slice(0, LENGTH)).join('');
};

/** @returns the number of events from the first on that are the same in both */
export const commonEvents = (taken: string, made: string): number => {
  let same = 0;
  while (same < Math.min(taken.length, made.length) && taken[same] === made[same]) same += 1;
  return Math.floor(same / LENGTH);
};

/** Without the hashes of its first events. */
export const hashesFrom = (hashes: string, events: number): string => hashes.slice(events * LENGTH);
