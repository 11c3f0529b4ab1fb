/**
 * What the core asks of the world. `lambdas/aws` has an adapter for each; tests and the simulation have their own.
 *
 * Errors: a data fault (a bad event, a refused request) is a value. Only infrastructure throws, and always an
 * `InfraFault`; anything else that is thrown is a crash, of the user's code or of ours.
 */
import type { Mode } from './mode.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** Uniform in [0, 1). */
export type Random = () => number;

/** AWS did not do what it was asked: it is down, throttles, or took too long. Never counts as a crash. */
export class InfraFault extends Error {
  override name = 'InfraFault';
}

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
   * @throws InfraFault when the call as a whole failed; any of the messages may have been accepted all the same
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
}

/** The queue that a stage reads. */
export interface StageQueue {
  /** Hides messages for so many seconds from now. @throws InfraFault */
  setVisibility(messages: readonly IncomingMessage[], seconds: number): Promise<void>;
  /** @throws InfraFault */
  delete(message: IncomingMessage): Promise<void>;
}

/** How far a message has come; kept between its attempts. */
export interface Progress {
  /** Events of the message that are wholly finished: delivered, filtered or rejected. */
  readonly events: number;
  /** Of the next event, how many of the events that the transform made of it are finished ... */
  readonly outputs: number;
  /** ... which means something only to the code version that counted them. */
  readonly codeVersion: string;
}

/** The ledger's record of one message. Absent for a message that succeeds at its first delivery. */
export interface Attempt {
  /** Failed tries in a row at the event where the message stands; the backoff grows with them. */
  readonly failures: number;
  /** When the first of them failed, milliseconds since 1970. Absent when there was none. */
  readonly firstFailedAt?: number;
  /** What the last of them said. */
  readonly lastError?: string;
  readonly progress?: Progress;
}

export interface StageState {
  /** The stage's own mode and the system's. */
  readonly modes: readonly Mode[];
  /** By message id; those asked for that exist. */
  readonly attempts: ReadonlyMap<string, Attempt>;
}

export interface StateStore {
  /** One strongly consistent read of all a batch needs to know. @throws InfraFault; what was not read is never "absent" */
  read(stage: string, attemptsOf: readonly string[]): Promise<StageState>;
  /** @throws InfraFault */
  saveAttempt(stage: string, messageId: string, attempt: Attempt): Promise<void>;
  /** When the stage last delivered anything, to the minute. Milliseconds since 1970. @throws InfraFault */
  lastSuccess(stage: string): Promise<number | undefined>;
  /** @throws InfraFault */
  saveSuccess(stage: string, at: number): Promise<void>;
}

/** An event that will not be delivered, with why; the CLI lists it. */
export interface Rejection {
  /** With `stage` and `receivedAt` the record's name: writing it again, after a crash, leaves one. */
  readonly id: string;
  /** `ingest`, the router's, or a destination's. */
  readonly stage: string;
  /** When the event was accepted; ISO 8601. Records are listed in this order. */
  readonly receivedAt: string;
  /** When it was rejected; milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
  readonly sourceId: string;
  /** The event's JSON, or its beginning. */
  readonly body: string;
  readonly sha256: string;
  readonly size: number;
  /** How many events share the record, when they are more than one: `body` is then a JSON list of them. */
  readonly count?: number;
  /** A destination's answer. */
  readonly answer?: { readonly status: number; readonly body: string };
}

export interface RejectionStore {
  /** @throws InfraFault */
  save(rejection: Rejection): Promise<void>;
}
