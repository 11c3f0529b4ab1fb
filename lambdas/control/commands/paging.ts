/** Lists that lie in several places of the store (the shards of an index, the stages), read page by page as one. */
import { BadCursor } from '../../core/base/faults.ts';

export interface Listing<T> {
  /** Names of the places, in order. */
  readonly places: readonly string[];
  /** One page of a place. */
  readonly read: (
    place: string,
    page: { readonly limit: number; readonly cursor?: string },
  ) => Promise<{ readonly items: readonly T[]; readonly cursor?: string }>;
  readonly limit: number;
  /** From the page before. */
  readonly cursor?: string | undefined;
  /** Entries that are read at the same time, at most. */
  readonly step?: number;
  /** Asked before each read: is what was found enough, although there may be more? */
  readonly isEnough?: (items: readonly T[]) => boolean;
}

const encode = (place: string, cursor: string | undefined): string =>
  Buffer.from(JSON.stringify(cursor === undefined ? [place] : [place, cursor])).toString('base64url');

/** @throws BadCursor */
const decode = (text: string, places: readonly string[]): { at: number; cursor: string | undefined } => {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch (error) {
    throw new BadCursor({ cause: error });
  }
  const [place, cursor] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const at = places.findIndex((name) => name === place);
  if (at < 0 || (cursor !== undefined && typeof cursor !== 'string')) throw new BadCursor();
  return { at, cursor };
};

/** @throws BadCursor, InfraFault */
export const readListing = async <T>({
  places,
  read,
  limit,
  cursor: from,
  step = limit,
  isEnough = () => false,
}: Listing<T>): Promise<{ readonly items: readonly T[]; readonly cursor?: string }> => {
  const items: T[] = [];
  let { at, cursor } = from === undefined ? { at: 0, cursor: undefined } : decode(from, places);
  for (;;) {
    const place = places[at];
    if (place === undefined) return { items };
    if (items.length >= limit || isEnough(items)) return { items, cursor: encode(place, cursor) };
    const page = { limit: Math.min(step, limit - items.length), ...(cursor === undefined ? {} : { cursor }) };
    const found = await read(place, page);
    items.push(...found.items);
    cursor = found.cursor;
    if (cursor === undefined) at += 1;
  }
};
