/** What a trial may try, in its order: steps 2 and 3 of `trial.ts`. */
import { allDone } from '../base/all-done.ts';
import { HEAD_SHARDS, type HeadSummary } from './parking-port.ts';
import { tooOften } from './parking.ts';
import type { Attempt } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { RunnerDeps } from './runner-deps.ts';
import type { Received } from './trial-received.ts';

/** Milliseconds since 1970. */
interface Times {
  readonly waitsSince: number;
  /** Its last trial since the stage was degraded. */
  readonly triedAt?: number;
}

export type Candidate = Times &
  (
    | { readonly kind: 'queue'; readonly message: IncomingMessage; readonly attempt: Attempt | undefined }
    | { readonly kind: 'parked'; readonly key: string }
  );

type CandidateDeps = Pick<RunnerDeps, 'stage' | 'ports'>;

/** Heads of each shard; the index has those first that were tried or became due longest ago. */
const PAGE = 100;
/** One strong read has at most 100 items, of a key two. */
const CHUNK = 40;

/** @throws InfraFault */
export const candidatesOf = async (
  received: Received,
  epoch: number,
  deps: CandidateDeps,
): Promise<readonly Candidate[]> => {
  const parked = await parkedKeys(epoch, deps);
  const queued = await queuedKeys(received, epoch, deps);
  return [...queued, ...parked].sort(inTurn);
};

const inTurn = (a: Times, b: Times): number => {
  if (a.triedAt === undefined && b.triedAt === undefined) return a.waitsSince - b.waitsSince;
  return (a.triedAt ?? -Infinity) - (b.triedAt ?? -Infinity);
};

const parkedKeys = async (epoch: number, { stage, ports }: CandidateDeps): Promise<readonly Candidate[]> => {
  const shards = Array.from({ length: HEAD_SHARDS }, (_, shard) =>
    ports.parking.heads(stage.name, shard, { limit: PAGE }),
  );
  return (await allDone(shards)).flatMap(({ heads }) => heads.map((head) => parkedKey(head, epoch)));
};

/** A trial leaves its key due at the time when it ended. */
const parkedKey = ({ key, parkedAt, triedEpoch, nextAttemptAt }: HeadSummary, epoch: number): Candidate => ({
  kind: 'parked',
  key,
  waitsSince: parkedAt,
  ...(triedEpoch < epoch ? {} : { triedAt: nextAttemptAt }),
});

const queuedKeys = async (
  received: Received,
  epoch: number,
  { stage, ports }: CandidateDeps,
): Promise<readonly Candidate[]> => {
  const firsts = [...received.byKey.values()].flatMap((messages) => messages.slice(0, 1));
  const found: Candidate[] = [];
  for (let from = 0; from < firsts.length; from += CHUNK) {
    const chunk = firsts.slice(from, from + CHUNK);
    const redelivered = chunk.filter(({ receiveCount }) => receiveCount > 1);
    const { parked, attempts } = await ports.state.read(stage.name, {
      keys: chunk.map(({ groupId }) => groupId),
      attemptsOf: redelivered.map(({ id }) => id),
    });
    for (const message of chunk) {
      const attempt = attempts.get(message.id);
      const reason = tooOften(message);
      if (reason !== undefined) await received.park(message, reason, attempt);
      if (reason !== undefined || parked.has(message.groupId)) continue;
      const trial = attempt?.trial;
      const triedAt = trial?.epoch === epoch ? { triedAt: trial.at } : {};
      found.push({ kind: 'queue', message, attempt, waitsSince: message.sentAt, ...triedAt });
    }
  }
  return found;
};
