/** The items that the contract of a parking store puts into it. */
import type { Lease, ParkedMessage } from '../../lambdas/core/stage/parking-port.ts';

export const arrived = (sequence: number): string => `E#${String(sequence).padStart(39, '0')}`;
export const deadLetter = (sentAt: number): string =>
  `A#${String(sentAt).padStart(15, '0')}#${'0'.repeat(39)}`;

export const parked = (sort: string, more: Partial<ParkedMessage> = {}): ParkedMessage => ({
  sort,
  id: `id of ${sort}`,
  groupId: 'u',
  body: '{"v":1}',
  sequenceNumber: '7',
  sentAt: 1_000,
  parkedAt: 2_000,
  ...more,
});

export const lease = (owner: string, more: Partial<Lease> = {}): Lease => ({
  owner,
  now: 10_000,
  until: 50_000,
  nextAttemptAt: 20_000,
  triedEpoch: 3,
  ...more,
});

let stages = 0;
export const newStage = (): string => `stage-${++stages}`;
