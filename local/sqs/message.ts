/** A message in a queue's memory. */
import type { LinkedList, ListNode } from './linked-list.ts';
import type { MessageRecord } from './store.ts';
import type { MessageAttributes } from './types.ts';
import type { HeapItem } from './visibility-heap.ts';

/** What a message brings along; the queue gives it its sequence number. */
export type NewMessage = Omit<MessageRecord, 'queue' | 'sequence'>;

/** What a message consists of, wherever it is. */
type Content = Pick<
  MessageRecord,
  'id' | 'groupId' | 'deduplicationId' | 'body' | 'attributes' | 'traceHeader'
>;

export const contentOf = (message: MessageRecord): Content => ({
  id: message.id,
  groupId: message.groupId,
  deduplicationId: message.deduplicationId,
  body: message.body,
  attributes: message.attributes,
  traceHeader: message.traceHeader,
});

/** A message that nobody has received. Times are milliseconds since 1970. */
export const fresh = (content: Content, sentAt: number, visibleAt: number): NewMessage => ({
  id: content.id,
  groupId: content.groupId,
  deduplicationId: content.deduplicationId,
  body: content.body,
  attributes: content.attributes,
  traceHeader: content.traceHeader,
  deadLetterSourceArn: undefined,
  sentAt,
  visibleAt,
  firstReceivedAt: undefined,
  lastReceivedAt: undefined,
  receiveCount: 0,
  receivedElsewhere: 0,
  receipt: 0,
});

/**
 * As a dead-letter queue takes a message that was received too often.
 * @param move `from`: ARN of the queue that it leaves; `fifo`: whether the dead-letter queue is one; `now`: milliseconds since 1970
 */
export const deadLettered = (
  message: MessageRecord,
  move: { readonly from: string; readonly fifo: boolean; readonly now: number },
): NewMessage => ({
  ...contentOf(message),
  // Two messages of one content must not become duplicates of each other there.
  deduplicationId: move.fifo ? message.id : undefined,
  deadLetterSourceArn: move.from,
  // A FIFO queue counts the retention from the move, a standard one from when the message was sent.
  sentAt: move.fifo ? move.now : message.sentAt,
  visibleAt: move.now,
  firstReceivedAt: message.firstReceivedAt,
  lastReceivedAt: message.lastReceivedAt,
  receiveCount: message.receiveCount,
  receivedElsewhere: message.receiveCount,
  receipt: message.receipt,
});

/** Messages that are handed out one after the other. */
export interface Group {
  readonly key: string;
  readonly messages: LinkedList<Message>;
  /** Its place in the line of available groups. */
  place: ListNode<Group> | undefined;
  /** While a receive goes through its messages it is out of the line, and does not join it again. */
  held: boolean;
}

/**
 * There may be a million of these, so the fields are written out one by one, which gives them all one shape.
 * A new message is the last of its group.
 */
export class Message implements MessageRecord, HeapItem {
  readonly queue: string;
  readonly sequence: number;
  readonly id: string;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly body: string;
  readonly attributes: MessageAttributes | undefined;
  readonly traceHeader: string | undefined;
  readonly deadLetterSourceArn: string | undefined;
  readonly sentAt: number;
  visibleAt: number;
  firstReceivedAt: number | undefined;
  lastReceivedAt: number | undefined;
  receiveCount: number;
  readonly receivedElsewhere: number;
  receipt: number;

  /** `delayed`: hidden, and never received from this queue. */
  state: 'visible' | 'inFlight' | 'delayed' = 'visible';
  heapIndex = -1;
  readonly group: Group;
  readonly inGroup: ListNode<Message>;
  /** Its place among all messages of the queue; undefined once it has left the queue. */
  inQueue: ListNode<Message> | undefined = undefined;

  constructor(queue: string, sequence: number, fields: NewMessage, group: Group) {
    this.queue = queue;
    this.sequence = sequence;
    this.id = fields.id;
    this.groupId = fields.groupId;
    this.deduplicationId = fields.deduplicationId;
    this.body = fields.body;
    this.attributes = fields.attributes;
    this.traceHeader = fields.traceHeader;
    this.deadLetterSourceArn = fields.deadLetterSourceArn;
    this.sentAt = fields.sentAt;
    this.visibleAt = fields.visibleAt;
    this.firstReceivedAt = fields.firstReceivedAt;
    this.lastReceivedAt = fields.lastReceivedAt;
    this.receiveCount = fields.receiveCount;
    this.receivedElsewhere = fields.receivedElsewhere;
    this.receipt = fields.receipt;
    this.group = group;
    this.inGroup = group.messages.push(this);
  }
}
