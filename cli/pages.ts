/** Reads on, page by page, until there is enough. */

/** What control reads for one answer; more would come near its time. */
const PAGE = 100;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string;
}

/** @returns at most `limit` items, and a cursor when there are more */
export const readPages = async <Item>(
  limit: number,
  from: string | undefined,
  read: (page: { readonly limit: number; readonly cursor?: string }) => Promise<Page<Item>>,
): Promise<Page<Item>> => {
  const items: Item[] = [];
  let cursor = from;
  do {
    const page = await read({
      limit: Math.min(PAGE, limit - items.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined && items.length < limit);
  return cursor === undefined ? { items } : { items, cursor };
};
