/** Moves messages from queues to another one: each group's in its order, and none is deleted before it is sent. */

/** A message that was received. */
export interface Held {
  readonly id: string;
  /** What it is deleted by. */
  readonly receipt: string;
  readonly group: string;
  readonly deduplicationId: string;
  readonly body: string;
}

/** Of SQS, by the names of queues. Each throws what is to be shown. */
export interface Queues {
  /** In flight from now on, and with it its group. None: nothing can be received now. */
  receive(queue: string): Promise<readonly Held[]>;
  send(queue: string, message: Held): Promise<void>;
  remove(queue: string, messages: readonly Held[]): Promise<void>;
  /** They can be received again. */
  release(queue: string, messages: readonly Held[]): Promise<void>;
  /** In flight and not; about. */
  count(queue: string): Promise<number>;
}

export interface Moved {
  readonly moved: number;
  /** Left, because their groups are parked. */
  readonly heldBack: number;
  /** Groups that they are of. */
  readonly heldBackGroups: number;
  /** Left, because they were in flight. */
  readonly left: number;
}

/** Reads that found nothing, one after another, until a queue counts as empty. */
const EMPTY_READS = 2;

const byGroup = (messages: readonly Held[]): ReadonlyMap<string, readonly Held[]> => {
  const groups = new Map<string, Held[]>();
  for (const message of messages) groups.set(message.group, [...(groups.get(message.group) ?? []), message]);
  return groups;
};

const moveGroup = async (
  queues: Queues,
  { from, to }: { readonly from: string; readonly to: string },
  messages: readonly Held[],
): Promise<void> => {
  const sent: Held[] = [];
  try {
    // One after another: SQS may take a later one of a batch, and not an earlier one.
    for (const message of messages) {
      await queues.send(to, message);
      sent.push(message);
    }
  } finally {
    if (sent.length > 0) await queues.remove(from, sent);
  }
};

/**
 * @param parked groups whose messages stay: what is parked of them is older, and a queue's sequence numbers say nothing about another's
 * @throws what the queues throw; what was moved by then is moved, and it can be done again
 */
export const moveAll = async (
  queues: Queues,
  { from, to }: { readonly from: readonly string[]; readonly to: string },
  parked: ReadonlySet<string>,
  onProgress: (moved: number) => void = () => undefined,
): Promise<Moved> => {
  let moved = 0;
  let left = 0;
  let heldBack = 0;
  const heldBackGroups = new Set<string>();
  for (const queue of from) {
    // By id: one that is received a second time has another receipt.
    const held = new Map<string, Held>();
    for (let empty = 0; empty < EMPTY_READS;) {
      const messages = await queues.receive(queue);
      const staying = messages.filter(({ group }) => parked.has(group));
      for (const message of staying) {
        held.set(message.id, message);
        heldBackGroups.add(message.group);
      }
      const moving = messages.filter(({ group }) => !parked.has(group));
      const groups = [...byGroup(moving).values()];
      const done = await Promise.allSettled(
        groups.map((group) => moveGroup(queues, { from: queue, to }, group)),
      );
      for (const one of done) if (one.status === 'rejected') throw one.reason;
      moved += moving.length;
      if (moving.length > 0) onProgress(moved);
      empty = moving.length === 0 ? empty + 1 : 0;
    }
    if (held.size > 0) await queues.release(queue, [...held.values()]);
    const rest = await queues.count(queue);
    heldBack += held.size;
    left += Math.max(0, rest - held.size);
  }
  return { moved, heldBack, heldBackGroups: heldBackGroups.size, left };
};
