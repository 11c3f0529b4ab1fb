/**
 * The deletion list: whom `erase` has taken out of what was stored, so that a replay leaves out what the archive still has of them. It has
 * hashes of ids, made as order keys are, and no id. What was accepted after the erase is not left out: a person who comes back is a new one.
 */
import { parse } from '../../core/base/exact-json.ts';
import type { Clock } from '../../core/base/clock.ts';
import type { ReadLine } from '../../core/event/archive-line.ts';
import { isJsonObject } from '../../core/event/event.ts';
import { idText } from '../../core/event/id-text.ts';
import { orderKey } from '../../core/event/order-key.ts';
import type { Subject } from '../../core/event/subject.ts';
import type { ErasureStore } from '../../core/stage/replay-port.ts';

const DAY = 86_400_000;

/** Days by which an entry outlives the archive's files: an event may wait that long before it is archived. */
const WAITS = 31;

/** Milliseconds by which an entry may be written later than it says: a call that is tried again, and clocks that differ. */
const LATE = 60_000;

/** @param days that the archive keeps its files; undefined: for good @returns milliseconds since 1970 */
export const expiryOf = (at: number, days: number | undefined): number | undefined =>
  days === undefined ? undefined : at + (days + WAITS) * DAY;

type Kind = 'userId' | 'anonymousId';

const nameOf = (kind: Kind, key: string): string => `${kind}#${key}`;

/** @returns none for what is no id */
const named = (kind: Kind, sourceId: string, id: unknown): readonly string[] => {
  const userId = idText(id);
  return userId === '' ? [] : [nameOf(kind, orderKey(sourceId, { userId, anonymousId: '' }, 'userId'))];
};

/** What the list has of a person. */
export const namesOfSubject = ({ sourceId, userId, anonymousId }: Subject): readonly string[] => [
  ...named('userId', sourceId, userId),
  ...named('anonymousId', sourceId, anonymousId),
];

/** An archived event, as far as it says whose it is. */
export interface Archived extends Pick<ReadLine, 'key' | 'source' | 'receivedAt'> {
  /** The event's JSON. */
  readonly text: string;
}

/** By its ids, as `isOf` reads them, and by its order key: a transform may have changed or removed the ids before it was archived. */
const namesOfArchived = ({ key, source, text }: Archived): readonly string[] => {
  const event = parse(text);
  const { userId, previousId, anonymousId } = isJsonObject(event) ? event : {};
  return [
    nameOf('userId', key),
    nameOf('anonymousId', key),
    ...named('userId', source, userId),
    ...named('userId', source, previousId),
    ...named('anonymousId', source, anonymousId),
  ];
};

/** The list, as far as it has been read. */
export class Erased {
  readonly #store: Pick<ErasureStore, 'since'>;
  readonly #clock: Clock;
  /** By name: what was accepted before then is erased. */
  readonly #until = new Map<string, number>();
  #lookedAt: number | undefined;

  constructor(store: Pick<ErasureStore, 'since'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Reads what was added. @returns whether anything was @throws InfraFault */
  async look(): Promise<boolean> {
    const now = this.#clock();
    const added = await this.#store.since(Math.max(0, (this.#lookedAt ?? 0) - LATE));
    this.#lookedAt = now;
    let isNew = false;
    for (const { names, at } of added)
      for (const name of names) {
        if ((this.#until.get(name) ?? 0) >= at) continue;
        this.#until.set(name, at);
        isNew = true;
      }
    return isNew;
  }

  has(archived: Archived): boolean {
    if (this.#until.size === 0) return false;
    const received = Date.parse(archived.receivedAt);
    return namesOfArchived(archived).some((name) => received < (this.#until.get(name) ?? 0));
  }
}
