/** The rows of `libsql-store.ts`'s tables as SQLite returns them, and what they mean. */
import type { DeduplicationRecord, MessageRecord, QueueRecord } from './store.ts';
import type { MessageAttributes } from './types.ts';

export interface QueueRow {
  readonly name: string;
  readonly attributes: string;
  readonly created_at: number;
  readonly modified_at: number;
  readonly last_sequence: number;
}

export interface MessageRow {
  readonly queue: string;
  readonly sequence: number;
  readonly id: string;
  readonly group_id: string | null;
  readonly deduplication_id: string | null;
  readonly body: string;
  readonly attributes: string | null;
  readonly trace_header: string | null;
  readonly source_arn: string | null;
  readonly sent_at: number;
  readonly visible_at: number;
  readonly first_received_at: number | null;
  readonly last_received_at: number | null;
  readonly receive_count: number;
  readonly received_elsewhere: number;
  readonly receipt: number;
}

export interface DeduplicationRow {
  readonly queue: string;
  readonly at: number;
  readonly sequence: number;
  readonly group_id: string;
  readonly deduplication_id: string;
  readonly message_id: string;
}

export const toQueue = (row: QueueRow): QueueRecord => ({
  name: row.name,
  attributes: JSON.parse(row.attributes) as Record<string, string>,
  createdAt: row.created_at,
  modifiedAt: row.modified_at,
  lastSequence: row.last_sequence,
});

export const toMessage = (row: MessageRow): MessageRecord => ({
  queue: row.queue,
  sequence: row.sequence,
  id: row.id,
  groupId: row.group_id ?? undefined,
  deduplicationId: row.deduplication_id ?? undefined,
  body: row.body,
  attributes: row.attributes === null ? undefined : (JSON.parse(row.attributes) as MessageAttributes),
  traceHeader: row.trace_header ?? undefined,
  deadLetterSourceArn: row.source_arn ?? undefined,
  sentAt: row.sent_at,
  visibleAt: row.visible_at,
  firstReceivedAt: row.first_received_at ?? undefined,
  lastReceivedAt: row.last_received_at ?? undefined,
  receiveCount: row.receive_count,
  receivedElsewhere: row.received_elsewhere,
  receipt: row.receipt,
});

export const toDeduplication = (row: DeduplicationRow): DeduplicationRecord => ({
  queue: row.queue,
  groupId: row.group_id,
  deduplicationId: row.deduplication_id,
  at: row.at,
  messageId: row.message_id,
  sequence: row.sequence,
});
