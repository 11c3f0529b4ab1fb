import { shardOf } from '../../lambdas/core/stage/parking.ts';
import type {
  Head,
  HeadSummary,
  Lease,
  Page,
  ParkedMessage,
  ParkingStore,
  Touch,
} from '../../lambdas/core/stage/parking-port.ts';
import type { Attempt } from '../../lambdas/core/stage/ports.ts';

/** Number of states of the index that are kept for lagging reads. */
const MAX_LAG = 8;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The parking table as DynamoDB would keep it: what is written and read is copied, and every condition is checked. */
export class MemoryParking implements ParkingStore {
  readonly #heads = new Map<string, Head>();
  readonly #messages = new Map<string, Map<string, ParkedMessage>>();
  #indexes: ReadonlyMap<string, Head>[] = [new Map()];
  /** The most changes of heads that the index may not reflect yet. */
  lag: () => number = () => 0;

  async hasMessage(stage: string, key: string, sort: string): Promise<boolean> {
    await Promise.resolve();
    return this.#of(stage, key).has(sort);
  }

  async putMessage(stage: string, message: ParkedMessage): Promise<void> {
    await Promise.resolve();
    const own = this.#of(stage, message.groupId);
    if (!own.has(message.sort)) own.set(message.sort, structuredClone(message));
  }

  async touchHead(stage: string, key: string, { token, now, reason, lease }: Touch): Promise<void> {
    await Promise.resolve();
    const created = { key, nextAttemptAt: now, failures: 0, reason, parkedAt: now, triedEpoch: -1 };
    const leased = lease === undefined ? {} : { leaseOwner: lease.owner, leaseUntil: lease.until };
    this.#put(stage, { ...created, ...leased, ...this.head(stage, key), token });
  }

  async readHead(stage: string, key: string): Promise<Head | undefined> {
    await Promise.resolve();
    return structuredClone(this.head(stage, key));
  }

  async takeLease(
    stage: string,
    { key, failures }: Pick<Head, 'key' | 'failures'>,
    lease: Lease,
  ): Promise<boolean> {
    await Promise.resolve();
    const head = this.head(stage, key);
    if (head?.failures !== failures) return false;
    if (head.leaseUntil !== undefined && head.leaseUntil > lease.now) return false;
    const { owner: leaseOwner, until: leaseUntil, nextAttemptAt, triedEpoch } = lease;
    this.#put(stage, {
      ...head,
      failures: lease.isTrial === true ? failures : failures + 1,
      leaseOwner,
      leaseUntil,
      nextAttemptAt,
      triedEpoch,
    });
    return true;
  }

  async releaseLease(
    stage: string,
    key: string,
    owner: string,
    set: Parameters<ParkingStore['releaseLease']>[3] = {},
  ): Promise<boolean> {
    await Promise.resolve();
    const head = this.head(stage, key);
    if (head?.leaseOwner !== owner) return false;
    const { token, nextAttemptAt, failures, reason, parkedAt, triedEpoch } = head;
    this.#put(stage, { key, token, nextAttemptAt, failures, reason, parkedAt, triedEpoch, ...set });
    return true;
  }

  async resetFailures(
    stage: string,
    key: string,
    owner: string,
    set: { readonly nextAttemptAt: number; readonly reason?: string },
  ): Promise<boolean> {
    await Promise.resolve();
    return this.#set(stage, key, owner, { ...set, failures: 0 });
  }

  async setReason(stage: string, key: string, owner: string, reason: string): Promise<boolean> {
    await Promise.resolve();
    return this.#set(stage, key, owner, { reason });
  }

  async deleteHead(stage: string, key: string, token: string, owner: string): Promise<boolean> {
    await Promise.resolve();
    const head = this.head(stage, key);
    if (head?.token !== token || head.leaseOwner !== owner) return false;
    this.#heads.delete(`${stage}#${key}`);
    this.#index();
    return true;
  }

  async oldest(stage: string, key: string, limit: number, after = ''): Promise<readonly ParkedMessage[]> {
    await Promise.resolve();
    const behind = this.messages(stage, key).filter(({ sort }) => sort > after);
    return structuredClone(behind.slice(0, limit));
  }

  async page(stage: string, key: string, limit: number): Promise<Page> {
    const messages = await this.oldest(stage, key, limit);
    // As DynamoDB says it, which looks no further than its limit.
    return { messages, more: messages.length === limit };
  }

  async saveMessage(stage: string, message: ParkedMessage): Promise<void> {
    await Promise.resolve();
    const own = this.#of(stage, message.groupId);
    const { edition = 0 } = message;
    if (own.has(message.sort)) own.set(message.sort, structuredClone({ ...message, edition: edition + 1 }));
  }

  async saveAttempt(
    stage: string,
    { groupId, sort, edition }: ParkedMessage,
    attempt: Attempt,
  ): Promise<void> {
    await Promise.resolve();
    const own = this.#of(stage, groupId);
    const stored = own.get(sort);
    if (stored !== undefined && stored.edition === edition)
      own.set(sort, structuredClone({ ...stored, attempt }));
  }

  async deleteMessage(stage: string, key: string, sort: string): Promise<void> {
    await Promise.resolve();
    this.#of(stage, key).delete(sort);
  }

  async heads(
    stage: string,
    shard: number,
    { until = Infinity, limit, cursor = '0' }: Parameters<ParkingStore['heads']>[2],
  ): Promise<{ readonly heads: readonly HeadSummary[]; readonly cursor?: string }> {
    await Promise.resolve();
    const index = this.#indexes.at(-1 - Math.min(this.lag(), this.#indexes.length - 1));
    const from = Number(cursor);
    const found = [...(index ?? [])]
      .filter(([name, head]) => name === `${stage}#${head.key}` && shardOf(head.key) === shard)
      .map(([, head]) => head)
      .filter((head) => head.nextAttemptAt <= until)
      .sort((a, b) => a.nextAttemptAt - b.nextAttemptAt || byText(a.key, b.key));
    const heads = found
      .slice(from, from + limit)
      .map(({ key, nextAttemptAt, failures, reason, parkedAt, triedEpoch }) => ({
        key,
        nextAttemptAt,
        failures,
        reason,
        parkedAt,
        triedEpoch,
      }));
    return from + limit < found.length ? { heads, cursor: String(from + limit) } : { heads };
  }

  async countMessages(stage: string, key: string, limit: number): Promise<number> {
    await Promise.resolve();
    return Math.min(limit, this.#of(stage, key).size);
  }

  /** For assertions. */
  head(stage: string, key: string): Head | undefined {
    return this.#heads.get(`${stage}#${key}`);
  }

  /** For assertions: a key's messages in order. */
  messages(stage: string, key: string): readonly ParkedMessage[] {
    return [...this.#of(stage, key).values()].sort((a, b) => byText(a.sort, b.sort));
  }

  /** For assertions: the keys of a stage that have a head. */
  keys(stage: string): readonly string[] {
    return [...this.#heads.keys()]
      .filter((name) => name.startsWith(`${stage}#`))
      .map((name) => name.slice(stage.length + 1));
  }

  /** For assertions: how many messages there are of all keys, with a head or without. */
  get size(): number {
    return [...this.#messages.values()].reduce((sum, own) => sum + own.size, 0);
  }

  #of(stage: string, key: string): Map<string, ParkedMessage> {
    const own = this.#messages.get(`${stage}#${key}`) ?? new Map<string, ParkedMessage>();
    this.#messages.set(`${stage}#${key}`, own);
    return own;
  }

  #set(stage: string, key: string, owner: string, fields: Partial<Head>): boolean {
    const head = this.head(stage, key);
    if (head?.leaseOwner !== owner) return false;
    this.#put(stage, { ...head, ...fields });
    return true;
  }

  #put(stage: string, head: Head): void {
    this.#heads.set(`${stage}#${head.key}`, head);
    this.#index();
  }

  #index(): void {
    this.#indexes = [...this.#indexes, new Map(this.#heads)].slice(-1 - MAX_LAG);
  }
}
