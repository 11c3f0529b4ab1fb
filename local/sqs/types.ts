/** What goes into the queues and comes out of them, in this project's own names; `protocol.ts` knows AWS's. */

/** A message attribute as a sender sets it. */
export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, with an optional label: `Number.int`. */
  readonly dataType: string;
  readonly stringValue?: string;
  /** Base64. */
  readonly binaryValue?: string;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export interface SendEntry {
  readonly body: string;
  /** A FIFO queue requires it. */
  readonly groupId?: string;
  /** A FIFO queue without content-based deduplication requires it. */
  readonly deduplicationId?: string;
  /** Seconds. A FIFO queue has a delay of its own and refuses any but 0. */
  readonly delaySeconds?: number;
  readonly attributes?: MessageAttributes;
  /** The system attribute `AWSTraceHeader`. */
  readonly traceHeader?: string;
}

export interface Sent {
  readonly messageId: string;
  /** 20 digits; FIFO queues only. */
  readonly sequenceNumber?: string;
}

export interface ReceiveOptions {
  /** 1 to 10. Default: 1. */
  readonly maxMessages?: number;
  /** Seconds. Default: the queue's. */
  readonly visibilityTimeout?: number;
  /** Asking again with the same id within 5 minutes returns the same messages, if nobody has touched them. */
  readonly attemptId?: string;
}

export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** 20 digits; FIFO queues only. */
  readonly sequenceNumber?: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Milliseconds since 1970. */
  readonly firstReceivedAt: number;
  /** Over all queues the message has been in. */
  readonly receiveCount: number;
  readonly traceHeader?: string;
  /** ARN of the queue that the message was taken off, in a dead-letter queue. */
  readonly deadLetterSourceArn?: string;
}

export interface BatchFailure {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly senderFault: boolean;
}

export interface BatchResult<T> {
  readonly successful: readonly (T & { readonly id: string })[];
  readonly failed: readonly BatchFailure[];
}

export interface QueueCounts {
  /** Messages that are not hidden. In a FIFO queue some of them may be held back by an earlier one of their group. */
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface MoveTask {
  readonly taskHandle: string;
  readonly sourceArn: string;
  readonly destinationArn?: string;
  readonly moved: number;
  /** Messages that stay: in flight, or nobody knows which queue they came from. */
  readonly left: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}
