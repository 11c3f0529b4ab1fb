/**
 * The queues on disk, in one SQLite file.
 *
 * Durability: what is noted while a transaction is under way is the next one (group commit, over all queues), with
 * `synchronous = FULL`, so that it is on disk, not only in the system's cache, when `flush` resolves. Transactions are written in a thread of
 * their own: a disk takes milliseconds for each, in which everything else of the local run would wait.
 */
import { setImmediate as turn } from 'node:timers/promises';
import Database from 'libsql';
import { Committer, type Row, type Value } from './committer.ts';
import {
  toDeduplication,
  toMessage,
  toQueue,
  type DeduplicationRow,
  type MessageRow,
  type QueueRow,
} from './libsql-rows.ts';
import type { DeduplicationRecord, MessageRecord, QueueRecord, SqsStore, StoredState } from './store.ts';

const SCHEMA = `
  create table if not exists queues (
    name text primary key, attributes text not null, created_at integer not null, modified_at integer not null,
    last_sequence integer not null
  ) without rowid;
  create table if not exists messages (
    queue text not null, sequence integer not null, id text not null, group_id text, deduplication_id text,
    body text not null, attributes text, trace_header text, source_arn text, sent_at integer not null,
    visible_at integer not null, first_received_at integer, last_received_at integer,
    receive_count integer not null, received_elsewhere integer not null, receipt integer not null,
    primary key (queue, sequence)
  ) without rowid;
  create table if not exists deduplications (
    queue text not null, at integer not null, sequence integer not null, group_id text not null,
    deduplication_id text not null, message_id text not null,
    primary key (queue, at, sequence)
  ) without rowid;
`;

const STATEMENTS = {
  putQueue: 'insert or replace into queues values (?, ?, ?, ?, ?)',
  saveSequence: 'update queues set last_sequence = max(last_sequence, ?) where name = ?',
  deleteQueue: 'delete from queues where name = ?',
  insertMessage: 'insert into messages values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  updateMessage:
    'update messages set visible_at = ?, first_received_at = ?, last_received_at = ?, receive_count = ?, receipt = ? where queue = ? and sequence = ?',
  deleteMessage: 'delete from messages where queue = ? and sequence = ?',
  deleteMessages: 'delete from messages where queue = ?',
  insertDeduplication: 'insert into deduplications values (?, ?, ?, ?, ?, ?)',
  deleteDeduplications: 'delete from deduplications where queue = ? and at <= ?',
} as const;

/**
 * A thread that ends lets go of the file a moment after it has closed it: who opens it next waits. Checkpoints copy pages into the file
 * while commits wait: larger ones copy each page fewer times.
 */
const PRAGMAS =
  'pragma busy_timeout = 5000; pragma journal_mode = WAL; pragma synchronous = FULL; pragma wal_autocheckpoint = 4000';

function* mapRows<Row, T>(rows: Iterable<Row>, map: (row: Row) => T): Generator<T> {
  for (const row of rows) yield map(row);
}

const explain = (path: string, error: unknown): Error => {
  const reason = error instanceof Error ? error.message : String(error);
  const hint = /locked|busy/i.test(reason)
    ? 'another process uses it; stop the other local run, or set another data directory'
    : reason;
  return new Error(`cannot open the queues' file ${path}: ${hint}`, { cause: error });
};

/**
 * Two local runs on the same data would hand out every message twice, so the first one locks a file next to it. Not
 * the file itself: libsql lets go of that only when its prepared statements are garbage. The lock dies with the process.
 */
const lock = (path: string): Database.Database => {
  const db = new Database(`${path}.lock`);
  db.exec('begin exclusive');
  return db;
};

const open = (path: string): Database.Database => {
  const db = new Database(path);
  db.exec(PRAGMAS);
  db.exec(SCHEMA);
  return db;
};

export class LibsqlStore implements SqsStore {
  readonly #lock: Database.Database;
  /** For `load`. */
  readonly #db: Database.Database;
  readonly #committer: Committer;
  readonly #sequences = new Map<string, number>();
  #noted: Row[] = [];
  /** The transaction that is being written. */
  #underWay: Promise<void> | undefined;
  /** The one that what is noted will be in. */
  #next: Promise<void> | undefined;
  #failure: Error | undefined;

  /**
   * @param path of the database file; it is made if it does not exist
   * @throws Error naming the file, if another process has it, or it is no database
   */
  constructor(path: string) {
    let held: Database.Database | undefined;
    try {
      held = lock(path);
      this.#lock = held;
      this.#db = open(path);
    } catch (error) {
      held?.close();
      throw explain(path, error);
    }
    this.#committer = new Committer({ path, pragmas: PRAGMAS, statements: STATEMENTS });
  }

  load(): StoredState {
    const rows = (sql: string): Iterable<unknown> => this.#db.prepare(sql).iterate();
    const queues = rows('select * from queues order by name') as Iterable<QueueRow>;
    const messages = rows('select * from messages order by queue, sequence') as Iterable<MessageRow>;
    const deduplications = rows(
      'select * from deduplications order by queue, at, sequence',
    ) as Iterable<DeduplicationRow>;
    return {
      queues: [...mapRows(queues, toQueue)],
      messages: mapRows(messages, toMessage),
      deduplications: mapRows(deduplications, toDeduplication),
    };
  }

  putQueue(queue: QueueRecord): void {
    const attributes = JSON.stringify(queue.attributes);
    this.#note('putQueue', queue.name, attributes, queue.createdAt, queue.modifiedAt, queue.lastSequence);
  }

  deleteQueue(name: string): void {
    this.deleteMessages(name);
    this.deleteDeduplications(name, Number.MAX_SAFE_INTEGER);
    this.#note('deleteQueue', name);
    this.#sequences.delete(name);
  }

  insertMessage(message: MessageRecord): void {
    this.#sequences.set(message.queue, message.sequence);
    this.#note(
      'insertMessage',
      message.queue,
      message.sequence,
      message.id,
      message.groupId ?? null,
      message.deduplicationId ?? null,
      message.body,
      message.attributes === undefined ? null : JSON.stringify(message.attributes),
      message.traceHeader ?? null,
      message.deadLetterSourceArn ?? null,
      message.sentAt,
      message.visibleAt,
      message.firstReceivedAt ?? null,
      message.lastReceivedAt ?? null,
      message.receiveCount,
      message.receivedElsewhere,
      message.receipt,
    );
  }

  updateMessage(message: MessageRecord): void {
    this.#note(
      'updateMessage',
      message.visibleAt,
      message.firstReceivedAt ?? null,
      message.lastReceivedAt ?? null,
      message.receiveCount,
      message.receipt,
      message.queue,
      message.sequence,
    );
  }

  deleteMessage(message: MessageRecord): void {
    this.#note('deleteMessage', message.queue, message.sequence);
  }

  deleteMessages(queue: string): void {
    this.#note('deleteMessages', queue);
  }

  insertDeduplication(record: DeduplicationRecord): void {
    const { queue, at, sequence, groupId, deduplicationId, messageId } = record;
    this.#note('insertDeduplication', queue, at, sequence, groupId, deduplicationId, messageId);
  }

  deleteDeduplications(queue: string, before: number): void {
    this.#note('deleteDeduplications', queue, before);
  }

  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return this.#next ?? this.#underWay ?? Promise.resolve();
  }

  close(): void {
    const known = this.#failure;
    try {
      this.#committer.close(known === undefined ? this.#take() : []);
    } catch (error) {
      this.#fail(error);
    }
    this.#db.close();
    this.#lock.close();
    if (known === undefined && this.#failure !== undefined) throw this.#failure;
  }

  #note(statement: keyof typeof STATEMENTS, ...values: Value[]): void {
    this.#noted.push([statement, ...values]);
    if (this.#next !== undefined) return;
    this.#next = this.#commitNext(this.#underWay);
    // Who calls `flush` hears of a failure; without a caller it must not end the process.
    this.#next.catch(() => undefined);
  }

  /** Takes in what this turn of the event loop still notes, and all that is noted while the one before it is being written. */
  async #commitNext(before: Promise<void> | undefined): Promise<void> {
    await before;
    await turn();
    if (this.#failure !== undefined) throw this.#failure;
    const written = this.#committer.write(this.#take());
    this.#underWay = this.#next;
    this.#next = undefined;
    try {
      await written;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** The memory is ahead of the disk after this, so nothing may be promised any more. */
  #fail(cause: unknown): Error {
    this.#failure ??= new Error('the queues could not be written to disk; restart when there is room', {
      cause,
    });
    return this.#failure;
  }

  #take(): Row[] {
    const rows = this.#noted;
    this.#noted = [];
    for (const [queue, sequence] of this.#sequences) rows.push(['saveSequence', sequence, queue]);
    this.#sequences.clear();
    return rows;
  }
}
