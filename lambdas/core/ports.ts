/**
 * What the core asks of the world. `lambdas/aws` has an adapter for each; tests and the simulation have their own.
 *
 * Errors: a data fault (a bad event, a refused request) is a value. Only infrastructure throws, and always an
 * `InfraFault`; anything else that is thrown is a crash, of the user's code or of ours.
 */
import type { Crash, LastFailure, ModeRecord, StageProgress, Waiting } from './mode.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** Uniform in [0, 1). */
export type Random = () => number;

/** AWS did not do what it was asked: it is down, throttles, or took too long. Never counts as a crash. */
export class InfraFault extends Error {
  override name = 'InfraFault';
}

/**
 * AWS does not let us: a permission is missing, or a resource or a secret does not exist. No retry helps until a person changes that, so
 * that it counts as a failure of the stage, and names itself.
 */
export class AccessFault extends InfraFault {
  override name = 'AccessFault';
}

/**
 * AWS does not take a message because of the message itself (it is too large, or holds what AWS cannot store), however often
 * it is asked to. The message is parked, and says nothing about the stage.
 */
export class MessageRefused extends Error {
  override name = 'MessageRefused';
}

/** A cursor that no page gave: a slip of whoever asks for more. */
export class BadCursor extends Error {
  override name = 'BadCursor';

  constructor(options?: ErrorOptions) {
    super('cursor: it is not one that was given with a page; leave it out to begin at the start', options);
  }
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
  /** When the queue handed it out this time, milliseconds since 1970. SQS tells that of the first time alone. */
  readonly receivedAt?: number;
}

/** The queue that a stage reads. */
export interface StageQueue {
  /** Takes up to 10 messages off the queue, for a trial. @param seconds that they are hidden @throws InfraFault */
  receive(seconds: number): Promise<readonly IncomingMessage[]>;
  /** Hides messages for so many seconds from now. @throws InfraFault */
  setVisibility(messages: readonly IncomingMessage[], seconds: number): Promise<void>;
  /** @throws InfraFault */
  delete(message: IncomingMessage): Promise<void>;
}

/**
 * How far a message has come; kept between its attempts. Records of earlier versions count outputs (`outputs`, `codeVersion`) in place
 * of naming them: of those, only `events` is used, and the event in the middle is delivered again.
 */
export interface Progress {
  /** Events of the message that are wholly finished: routed, delivered, filtered or rejected. */
  readonly events: number;
  /**
   * Of the next event, the outputs that are finished: their names (`nameOf` in `outputs.ts`), one behind the other. They are named
   * by id and content, and not counted, because the transform may make others of the event the next time.
   */
  readonly done?: string;
}

/** The ledger's record of one message. Absent for a message that succeeds at its first delivery. */
export interface Attempt {
  /** Failed tries in a row at the event where the message stands; the backoff grows with them. */
  readonly failures: number;
  /** When the first of them failed, milliseconds since 1970. Absent when there was none. */
  readonly firstFailedAt?: number;
  /** When it last failed or crashed. */
  readonly lastFailedAt?: number;
  /** Failures and crashes that each came after others had got through since the one before: see `own-trouble.ts`. */
  readonly excused?: number;
  /** What the last of them said. */
  readonly lastError?: string;
  readonly progress?: Progress;
  /** Attempts that were begun, under `stamp`, and of which it is not known that they did not crash. */
  readonly charges?: number;
  /** Mode epoch and code version of the charges. Under another stamp they begin again. */
  readonly stamp?: string;
  /** An attempt has begun, and it is not known how it ended: if the message is delivered again, the process died. */
  readonly begunAt?: number;
  /** The last trial of it that failed. */
  readonly trial?: { readonly epoch: number; readonly at: number };
  /** The last crash that was caught. */
  readonly crash?: Crash;
}

/** What a decision about a mode goes by. */
export interface StoredStage {
  readonly own: ModeRecord;
  /** The router's; for the router itself the same as `own`. */
  readonly system: ModeRecord;
  readonly progress: StageProgress;
}

export interface StageState extends StoredStage {
  /** Order keys of those asked for that are parked: their `HEAD` exists. */
  readonly parked: ReadonlySet<string>;
  /** By message id; those asked for that exist. */
  readonly attempts: ReadonlyMap<string, Attempt>;
}

export interface StateStore {
  /** One strongly consistent read of all a batch needs to know. @throws InfraFault; what was not read is never "absent" */
  read(
    stage: string,
    query: { readonly keys: readonly string[]; readonly attemptsOf: readonly string[] },
  ): Promise<StageState>;
  /** @throws InfraFault */
  saveAttempt(stage: string, messageId: string, attempt: Attempt): Promise<void>;
  /** Replaces the fields that are given. @throws InfraFault */
  saveProgress(stage: string, progress: StageProgress): Promise<void>;
}

export interface ModeStore {
  /** Strongly consistent, in the order given; `NORMAL` where nothing is stored, `UNREADABLE` for what is not a mode. @throws InfraFault */
  readModes(stages: readonly string[]): Promise<readonly ModeRecord[]>;
  /** As `readModes`, with the stage's progress, in one strongly consistent read. @throws InfraFault */
  readStored(stage: string, routerStage: string): Promise<StoredStage>;
  /**
   * Writes `next` on condition that the stored item still has the `rev` of `previous`.
   * @param next its `rev` is the new one
   * @returns false when it was changed meanwhile
   * @throws InfraFault; the write may have taken effect all the same
   */
  writeMode(stage: string, next: ModeRecord, previous: ModeRecord): Promise<boolean>;
}

/** Late crashes of a stage: see `CrashKind`. */
export interface LateCrashes {
  readonly count: number;
  /** When the first of them was recorded; milliseconds since 1970. */
  readonly since: number;
  readonly last: Crash;
}

export interface LateCrashStore {
  /** Adds to what is stored of the stage, which is forgotten a week after its last addition. @throws InfraFault */
  addLateCrashes(stage: string, crashes: Pick<LateCrashes, 'count' | 'last'>): Promise<void>;
  /** In the order given; undefined where there are none. @throws InfraFault */
  readLateCrashes(stages: readonly string[]): Promise<readonly (LateCrashes | undefined)[]>;
}

/** What a stage leaves behind in SQS when it is removed from the configuration. */
export interface StageQueues {
  readonly queueName: string;
  readonly deadLetterQueueName: string;
}

/** Every stage that was ever deployed: what tells orphans. */
export interface StageRegistry {
  /** By stage id. @throws InfraFault */
  read(): Promise<ReadonlyMap<string, StageQueues>>;
  /** Adds stages, or replaces what is known of them; others stay. Safe to repeat. @throws InfraFault */
  save(stages: ReadonlyMap<string, StageQueues>): Promise<void>;
}

/** A change of mode as it is published, for programs. */
export interface Announcement {
  /** For people, in short lines. The first is in RudderStack's words; the others say why, what waits, and what to do. */
  readonly text: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly mode: ModeRecord['mode'];
  readonly epoch: number;
  /** ISO 8601. */
  readonly since: string;
  readonly reason: string;
  /** The last of each kind, however long ago; their times are milliseconds since 1970. */
  readonly lastCrash?: Crash;
  readonly lastFailure?: LastFailure;
  readonly lastRefusal?: LastFailure;
  readonly lastRejection?: LastFailure;
  /** The code that answers probes. `since`: when it did so first; ISO 8601. */
  readonly code?: { readonly version: string; readonly since: string };
  /** As control last saw it. */
  readonly waiting?: Waiting;
  /** What happens next; `at`: ISO 8601. */
  readonly next: readonly { readonly text: string; readonly at?: string }[];
  /** What shows more. */
  readonly command: string;
}

export interface Announcer {
  /** @throws InfraFault */
  announce(announcement: Announcement): Promise<void>;
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
  /** An operator took it out of a parked key; `reason` is the operator's. */
  readonly discarded?: boolean;
  /** It is what the stage's transform made of an event: sent again, it must not go through the transform again. */
  readonly transformed?: boolean;
  /** Its order key, where that cannot be told from the event any more: a transform may have changed the ids. */
  readonly key?: string;
}

export interface RejectionStore {
  /** @throws InfraFault, MessageRefused */
  save(rejection: Rejection): Promise<void>;
}

/** What the operator's commands need besides. @throws InfraFault, all of them */
export interface RejectionReader {
  /** By stage, in the order of acceptance. A page may have fewer than `limit` although there are more. @throws BadCursor */
  list(
    stage: string,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ readonly rejections: readonly Rejection[]; readonly cursor?: string }>;
  /** `id`: as in `Rejection`. There are few of one id, so a stage is searched. */
  find(stage: string, id: string): Promise<Rejection | undefined>;
  remove(rejection: Pick<Rejection, 'stage' | 'receivedAt' | 'id'>): Promise<void>;
}
