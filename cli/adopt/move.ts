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

/** Messages that stay, by id: one that is received a second time has another receipt. */
type Staying = Map<string, Held>;

/** Concurrent readers of a queue: while a group's messages are in flight, SQS gives no other reader any of it. */
const READERS = 6;

/** Empties one queue. */
const empty = async (
  queues: Queues,
  { from, to }: { readonly from: string; readonly to: string },
  parked: ReadonlySet<string>,
  onMoved: (messages: number) => void,
): Promise<Staying> => {
  const staying: Staying = new Map();
  let isStopped = false;
  const moveSome = async (): Promise<boolean> => {
    const messages = await queues.receive(from);
    for (const message of messages) if (parked.has(message.group)) staying.set(message.id, message);
    const moving = messages.filter(({ group }) => !parked.has(group));
    const done = await Promise.allSettled(
      [...byGroup(moving).values()].map((group) => moveGroup(queues, { from, to }, group)),
    );
    for (const one of done) if (one.status === 'rejected') throw one.reason;
    onMoved(moving.length);
    return moving.length > 0;
  };
  const read = async (): Promise<void> => {
    for (let nothing = 0; nothing < EMPTY_READS && !isStopped;)
      nothing = (await moveSome()) ? 0 : nothing + 1;
  };
  const readers = await Promise.allSettled(
    Array.from({ length: READERS }, () =>
      read().catch((error: unknown) => {
        isStopped = true;
        throw error;
      }),
    ),
  );
  for (const one of readers) if (one.status === 'rejected') throw one.reason;
  return staying;
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
    const staying = await empty(queues, { from: queue, to }, parked, (messages) => {
      moved += messages;
      if (messages > 0) onProgress(moved);
    });
    const held = [...staying.values()];
    if (held.length > 0) await queues.release(queue, held);
    for (const { group } of held) heldBackGroups.add(group);
    heldBack += held.length;
    left += Math.max(0, (await queues.count(queue)) - held.length);
  }
  return { moved, heldBack, heldBackGroups: heldBackGroups.size, left };
};
