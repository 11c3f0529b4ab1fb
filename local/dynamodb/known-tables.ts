/**
 * dynalite reads a table's description from its database for each item that it reads or writes, which is half of what it reads. Here it is
 * read once, and again when it has been written: the local run is the only process with this database.
 */
import { createRequire } from 'node:module';

type Found = (error: Error | null, table?: unknown) => void;

interface TableDb {
  put: (key: string, value: unknown, done: Found) => void;
  del: (key: string, done: Found) => void;
}

/** dynalite's own, as far as this touches it. None of its functions looks at `this`. */
interface Store {
  readonly tableDb: TableDb;
  /** Without a second argument: of a table that can be used. No action changes what it is given then. */
  getTable: (name: string, ...args: readonly [Found] | readonly [checkStatus: boolean, Found]) => void;
}

// It has no types and is CommonJS.
const internals = createRequire(import.meta.url)('dynalite/db') as { create: (options: object) => Store };

const remember = (store: Store): void => {
  const { tableDb } = store;
  const known = new Map<string, unknown>();
  let underWay = 0;
  /** Grows when a write begins, and when it ends: what is read meanwhile may be the old description, and is not kept. */
  let changes = 0;
  const write = (name: string, work: (done: Found) => void, done: Found): void => {
    const changed = (by: number): void => {
      underWay += by;
      changes += 1;
      known.delete(name);
    };
    changed(1);
    work((...result) => {
      changed(-1);
      done(...result);
    });
  };
  const { put, del } = tableDb;
  tableDb.put = (name, value, done) => write(name, (then) => put(name, value, then), done);
  tableDb.del = (name, done) => write(name, (then) => del(name, then), done);
  const { getTable } = store;
  store.getTable = (name, ...args) => {
    const found = args.length === 1 ? args[0] : undefined;
    if (found === undefined) {
      getTable(name, ...args);
    } else if (known.has(name)) {
      found(null, known.get(name));
    } else {
      const before = changes;
      getTable(name, (error, table) => {
        if (!error && underWay === 0 && changes === before) known.set(name, table);
        found(error, table);
      });
    }
  };
};

/** Runs `start`, which creates a dynalite, so that it reads each table's description once. */
export const withKnownTables = <T>(start: () => T): T => {
  const { create } = internals;
  internals.create = (options) => {
    const store = create(options);
    remember(store);
    return store;
  };
  try {
    return start();
  } finally {
    internals.create = create;
  }
};
