/**
 * Makes dynalite's data whole again after `kill -9`.
 *
 * An item and its rows in the table's indexes are writes of their own there, the index's first, and so are a table and the word that it
 * is ready. A process that is killed in between leaves a row without an item, an item without its row, or a table that is
 * never ready. On DynamoDB an index lags, and always catches up; so here each start brings the indexes in line with the items.
 */
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';

type Item = Readonly<Record<string, unknown>>;

interface Index {
  readonly IndexName: string;
  readonly KeySchema: readonly unknown[];
  IndexStatus: string;
}

interface Table {
  readonly TableName: string;
  TableStatus: string;
  readonly GlobalSecondaryIndexes?: readonly Index[];
}

type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Item }
  | { readonly type: 'del'; readonly key: string };
type Done = (error: Error | null) => void;

interface SubStore {
  createValueStream(options: object): Readable;
  put(key: string, value: object, done: Done): void;
  /** All of it or nothing. */
  batch(operations: readonly Operation[], done: Done): void;
}

interface Store {
  readonly db: { close(done: Done): void };
  readonly tableDb: SubStore;
  getItemDb(table: string): SubStore;
  getIndexDb(kind: 'Global', table: string, index: string): SubStore;
}

/** The part of dynalite that is below its API. It is not documented: a new version may need this file changed. */
const internals = createRequire(import.meta.url)('dynalite/db') as {
  create(options: { readonly path: string }): Store;
  createIndexKey(row: Item, table: Table, keySchema: readonly unknown[]): string;
  getIndexActions(
    indexes: readonly Index[],
    before: undefined,
    item: Item,
    table: Table,
  ): { readonly puts: readonly { readonly index: string; readonly key: string; readonly item: Item }[] };
};

const finished = (work: (done: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    work((error) => (error === null ? resolve() : reject(error)));
  });

/**
 * @param path of dynalite's data, which nothing else has open; it is made when it does not exist
 * @returns how many rows of indexes, and tables, were not as they should be
 */
export const repairDynamoDb = async (path: string): Promise<number> => {
  const store = internals.create({ path });
  try {
    let repaired = 0;
    const tables = (await store.tableDb.createValueStream({}).toArray()) as Table[];
    for (const table of tables) {
      repaired += await repairTable(store, table);
      for (const index of table.GlobalSecondaryIndexes ?? [])
        repaired += await repairIndex(store, table, index);
    }
    return repaired;
  } finally {
    await finished((done) => store.db.close(done));
  }
};

const repairTable = async ({ tableDb }: Store, table: Table): Promise<number> => {
  if (table.TableStatus !== 'CREATING') return 0;
  table.TableStatus = 'ACTIVE';
  for (const index of table.GlobalSecondaryIndexes ?? []) index.IndexStatus = 'ACTIVE';
  await finished((done) => tableDb.put(table.TableName, table, done));
  return 1;
};

const repairIndex = async (store: Store, table: Table, index: Index): Promise<number> => {
  const missing = new Map<string, Item>();
  for await (const item of store.getItemDb(table.TableName).createValueStream({}) as AsyncIterable<Item>) {
    for (const put of internals.getIndexActions([index], undefined, item, table).puts)
      missing.set(put.key, put.item);
  }
  const indexDb = store.getIndexDb('Global', table.TableName, index.IndexName);
  const wrong: string[] = [];
  for await (const row of indexDb.createValueStream({}) as AsyncIterable<Item>) {
    const key = internals.createIndexKey(row, table, index.KeySchema);
    const item = missing.get(key);
    if (item === undefined) wrong.push(key);
    else if (JSON.stringify(item) === JSON.stringify(row)) missing.delete(key);
  }
  const operations: Operation[] = [
    ...wrong.map((key) => ({ type: 'del', key }) as const),
    ...[...missing].map(([key, value]) => ({ type: 'put', key, value }) as const),
  ];
  if (operations.length > 0) await finished((done) => indexDb.batch(operations, done));
  return operations.length;
};
