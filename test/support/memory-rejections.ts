import { BadCursor, MessageRefused } from '../../lambdas/core/base/faults.ts';
import type { Rejection, RejectionReader, RejectionStore } from '../../lambdas/core/event/ports.ts';

type Name = Pick<Rejection, 'stage' | 'receivedAt' | 'id'>;

/** Bytes of an item of DynamoDB. */
const MAX_ITEM_BYTES = 400 * 1024;

const nameOf = ({ stage, receivedAt, id }: Name): string => `${stage} ${receivedAt} ${id}`;

/** The records of rejected events as DynamoDB would keep them: one for each name, in the order of acceptance. */
export class MemoryRejections implements RejectionStore, RejectionReader {
  readonly #records = new Map<string, Rejection>();

  async save(rejection: Rejection): Promise<void> {
    await Promise.resolve();
    // Its JSON is a little larger than the item: near enough, since records are far from the limit or far beyond it.
    if (Buffer.byteLength(JSON.stringify(rejection)) > MAX_ITEM_BYTES)
      throw new MessageRefused('the record is larger than an item may be');
    this.#records.set(nameOf(rejection), structuredClone(rejection));
  }

  /** A cursor is the name of the last record of a page: what is taken out or added before it does not move the next one. */
  async list(
    stage: string,
    { limit, cursor = '', since = '', until = '\uffff' }: Parameters<RejectionReader['list']>[1],
  ): ReturnType<RejectionReader['list']> {
    await Promise.resolve();
    if (cursor !== '' && !cursor.startsWith(`${stage} `)) throw new BadCursor();
    const found = this.of(stage)
      .filter(({ receivedAt }) => receivedAt >= since && receivedAt < until)
      .filter((record) => cursor === '' || nameOf(record) > cursor);
    const rejections = structuredClone(found.slice(0, limit));
    const last = rejections.at(-1);
    return last === undefined || limit >= found.length
      ? { rejections }
      : { rejections, cursor: nameOf(last) };
  }

  async find(stage: string, id: string): Promise<Rejection | undefined> {
    await Promise.resolve();
    return structuredClone(this.of(stage).find((record) => record.id === id));
  }

  async remove(rejection: Name): Promise<void> {
    await Promise.resolve();
    this.#records.delete(nameOf(rejection));
  }

  async removeUnchanged({ at, ...name }: Name & Pick<Rejection, 'at'>): Promise<boolean> {
    await Promise.resolve();
    const isIt = this.#records.get(nameOf(name))?.at === at;
    return isIt && this.#records.delete(nameOf(name));
  }

  /** For assertions. */
  of(stage: string): readonly Rejection[] {
    return [...this.#records.values()]
      .filter((record) => record.stage === stage)
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }
}
