/** Messages of SQS, as the core sends and receives them. */

export interface OutgoingMessage {
  readonly groupId: string;
  readonly deduplicationId: string;
  readonly body: string;
}

export type SendResult =
  | { readonly ok: true }
  /** `senderFault`: SQS will refuse it again, however often it is sent. */
  | { readonly ok: false; readonly senderFault: boolean; readonly reason: string };

export interface QueueSender {
  /**
   * One call of SendMessageBatch: at most `MAX_BATCH_ENTRIES` and `MAX_BATCH_BYTES`, at most one message a group.
   * @returns a result for each message, in their order
   * @throws InfraFault when the call as a whole failed; any of the messages may have been accepted anyway
   */
  send(messages: readonly OutgoingMessage[], signal?: AbortSignal): Promise<readonly SendResult[]>;
}

/** A message as a stage's function receives it. */
export interface IncomingMessage {
  readonly id: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly groupId: string;
  /** SQS's order of acceptance: 20 digits, or more as text that compares by length first. */
  readonly sequenceNumber: string;
  readonly receiveCount: number;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** When the queue handed it out this time, milliseconds since 1970. SQS says that of the first time alone. */
  readonly receivedAt?: number;
}
