/** Has what waits in the former queues of a destination delivered by the stage that has its id now, or by another. */
import type { Ask } from '../client.ts';
import { findAdoption } from './find.ts';
import { moveAll, type Moved, type Queues } from './move.ts';

export interface Adopted extends Moved {
  readonly stage: string;
  /** Names of the queues that were emptied. */
  readonly queues: readonly string[];
}

export interface AdoptOptions {
  readonly destination: string;
  /** @default - the same destination */
  readonly into?: string | undefined;
  readonly onProgress?: (moved: number) => void;
}

const parkedOf = async (ask: Ask, stage: string): Promise<ReadonlySet<string>> => {
  const keys = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await ask({ command: 'parked', stage, ...(cursor === undefined ? {} : { cursor }) });
    for (const { key } of page.keys) keys.add(key);
    ({ cursor } = page);
  } while (cursor !== undefined);
  return keys;
};

/** @throws CommandFailure */
export const adopt = async (
  ask: Ask,
  queues: Queues,
  { destination, into, onProgress }: AdoptOptions,
): Promise<Adopted> => {
  const { from, to, stage } = findAdoption(await ask({ command: 'status' }), destination, into);
  const parked = await parkedOf(ask, destination);
  return { stage, queues: from, ...(await moveAll(queues, { from, to }, parked, onProgress)) };
};
