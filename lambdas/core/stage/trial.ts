/**
 * Trials of a degraded stage: control starts one invocation in each of its minutes. It tries a message each of up to 10 keys, one
 * after another, and ends with the first that makes progress: then the stage recovers.
 *
 *  1. Read the modes. The stage is not degraded, or it is held, or the router blocks it: stop.
 *  2. Candidates: the heads of parked keys, and messages of the queue, received again and again and hidden until this function has
 *     ended. Of a key of the queue the first message only; and only if the key is not parked, by its head, read strongly after the
 *     message was received. A message that was received 500 times is parked, behind what its key has there.
 *  3. Keys that were not tried since the stage was degraded come first, those that wait longest before the others; then those whose
 *     trial is longest ago. Queue and parked keys alike.
 *  4. For each, up to 10: read the modes again, and the time left; another mode, another epoch, or too short: stop.
 *     - Of the queue: received before, and parked already by a delivery that was cut short: touch the head, delete it, and on to the
 *       next. Otherwise save when it was tried, then process it.
 *     - Parked: take the lease, as a trial, which counts nothing; read the head's token, and only then the oldest message. None: delete
 *       the head as the drain does. Otherwise process it.
 *  5. Finished: delete it from the queue, or from the parking table as the drain does. Not finished: keep how far it has come. That it
 *     failed is counted nowhere: no charge, no trouble, no rejection, no last words.
 *  6. Parked: give the lease back, with the failures as they were, due now.
 *  7. It made progress (delivered, or filtered while the door is not in doubt): report it to the mode machine, and stop.
 *  8. At the end, however it came: all that was received and is not deleted goes back to the queue, visible immediately, the messages of a
 *     key in one call.
 *
 * Two workers are never on one key. A parked key has its lease. The messages of a key of the queue are locked by SQS while the first
 * of them is in flight; a function that parks its key must have received it before, and then its head is read in 2. A death in a
 * trial charges nobody: its lease runs out and says whose it was, and its messages come back when they are no longer hidden. When
 * it was tried is saved before, so that a message which ends every process is not the first that each trial tries.
 */
import { bestEffort } from './best-effort.ts';
import { afterTrial, settled } from './attempt-ledger.ts';
import { toMessage } from './key-drain.ts';
import { KnownMode } from './known-mode.ts';
import { isBlocked } from '../mode/record.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { withoutOwnTrouble } from './own-trouble.ts';
import type { Head, ParkedMessage } from './parking-port.ts';
import { sortOf, touchHead } from './parking.ts';
import { InfraFault } from '../base/faults.ts';
import type { Attempt, Progress } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { deleteMessage } from './queue-steps.ts';
import type { RunnerDeps, WorkDeps } from './runner-deps.ts';
import { candidatesOf, type Candidate } from './trial-candidates.ts';
import { Received } from './trial-received.ts';

const MAX_KEYS = 10;

/** How the owner of a trial's lease begins. */
const TRIAL = 'trial:';

/** `none`: there was nothing to try of the key. */
type Tried = 'progress' | 'failed' | 'none';

/** What AWS fails to do ends it: control starts the next one in its next minute. */
export const runTrial = async (deps: RunnerDeps): Promise<void> => {
  try {
    await new Trial(new KnownMode(await deps.mode.readModes(), deps), deps).run();
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    deps.ports.observe({ type: 'trial stopped', error });
  }
};

class Trial {
  readonly #mode: KnownMode;
  readonly #deps: WorkDeps;
  readonly #epoch: number;
  /** The stage was degraded then. */
  readonly #begunAt: number;
  readonly #received: Received;

  constructor(mode: KnownMode, deps: WorkDeps) {
    this.#mode = mode;
    this.#deps = deps;
    this.#epoch = mode.own.epoch;
    this.#begunAt = deps.time.clock();
    this.#received = new Received(deps);
  }

  async run(): Promise<void> {
    if (!this.#mayTry()) return;
    try {
      await this.#received.receive();
      let tried = 0;
      for (const candidate of await candidatesOf(this.#received, this.#epoch, this.#deps)) {
        await this.#mode.refresh();
        if (!this.#mayTry()) return;
        const result = await this.#try(candidate);
        if (result === 'progress') return;
        if (result === 'failed') tried += 1;
        if (tried === MAX_KEYS) return;
      }
    } finally {
      await this.#received.giveBack();
    }
  }

  #mayTry(): boolean {
    const { own, system } = this.#mode;
    const { isDestination } = this.#deps.stage;
    const isStopped = own.held || (isDestination && isBlocked([system]));
    return own.mode === 'degraded' && own.epoch === this.#epoch && !isStopped && this.#hasTime;
  }

  /** Asked again after the calls that a message takes before it is begun. */
  get #hasTime(): boolean {
    const { timeLeft, worstCase } = this.#deps.time;
    return timeLeft() >= worstCase;
  }

  #try(candidate: Candidate): Promise<Tried> {
    return candidate.kind === 'queue'
      ? this.#tryMessage(candidate.message, candidate.attempt)
      : this.#tryKey(candidate.key);
  }

  async #tryMessage(message: IncomingMessage, attempt: Attempt | undefined): Promise<Tried> {
    const { stage, ports } = this.#deps;
    const { groupId, receiveCount, id } = message;
    if (receiveCount > 1 && (await ports.parking.hasMessage(stage.name, groupId, sortOf(message)))) {
      await touchHead(groupId, 'it was parked by a delivery that was cut short', this.#deps);
      await this.#finish(message);
      return 'none';
    }
    if (!this.#hasTime) return 'none';
    const before = attempt === undefined ? undefined : settled(attempt);
    await ports.state.saveAttempt(stage.name, id, this.#tried(before));
    const outcome = await this.#process(message, before);
    // What was tried is reported whatever becomes of the record: at worst an event is delivered again, before any later one of its key.
    const record = async (): Promise<void> => {
      if (outcome.kind === 'done') await this.#finish(message);
      else if (hasGotFurther(outcome))
        await ports.state.saveAttempt(stage.name, id, this.#tried(before, outcome));
    };
    await bestEffort('ledger', record, ports.observe);
    return this.#reported(message, outcome);
  }

  async #finish(message: IncomingMessage): Promise<void> {
    if (await deleteMessage(message, this.#deps.ports)) this.#received.finished(message);
  }

  async #tryKey(key: string): Promise<Tried> {
    const { stage, ports, time } = this.#deps;
    const { parking, uuid, observe } = ports;
    const head = await parking.readHead(stage.name, key);
    const now = time.clock();
    if (head === undefined || (head.leaseUntil ?? 0) > now) return 'none';
    const owner = `${TRIAL}${uuid()}`;
    const times = { now, until: now + time.leaseTime, nextAttemptAt: now };
    const lease = { owner, ...times, triedEpoch: this.#epoch, isTrial: true };
    if (!(await parking.takeLease(stage.name, head, lease))) return 'none';
    let set: { readonly failures?: number } = { failures: head.failures };
    try {
      const oldest = await this.#oldest(key, owner);
      if (oldest === undefined || !this.#hasTime) return 'none';
      const message = toMessage(oldest);
      const outcome = await this.#process(message, oldest.attempt);
      const record = async (): Promise<void> => {
        if (outcome.kind === 'done') {
          if (await this.#drained(oldest, head, owner, outcome)) set = {};
        } else if (hasGotFurther(outcome)) {
          const attempt = this.#tried(oldest.attempt, outcome);
          await parking.saveAttempt(stage.name, oldest, attempt);
        }
      };
      await bestEffort('ledger', record, observe);
      return await this.#reported(message, outcome);
    } finally {
      const due = { ...set, nextAttemptAt: time.clock() };
      await bestEffort('lease', () => parking.releaseLease(stage.name, key, owner, due), observe);
    }
  }

  /** @returns undefined when there is none: the head is gone too, or another's */
  async #oldest(key: string, owner: string): Promise<ParkedMessage | undefined> {
    const { parking } = this.#deps.ports;
    const { name } = this.#deps.stage;
    for (;;) {
      const head = await parking.readHead(name, key);
      if (head?.leaseOwner !== owner) return undefined;
      const [oldest] = await parking.oldest(name, key, 1);
      if (oldest !== undefined) return oldest;
      if (await parking.deleteHead(name, key, head.token, owner)) return undefined;
    }
  }

  /** As the drain does. @returns whether the key's failures start over */
  async #drained({ sort }: ParkedMessage, head: Head, owner: string, { shown }: Outcome): Promise<boolean> {
    const { stage, ports } = this.#deps;
    const { key } = head;
    await ports.parking.deleteMessage(stage.name, key, sort);
    const gotThrough = this.#mode.hasProgress(shown);
    if (gotThrough) {
      const set = { nextAttemptAt: this.#deps.time.clock(), reason: withoutOwnTrouble(head.reason) };
      await ports.parking.resetFailures(stage.name, key, owner, set);
    }
    const emptied = (await this.#oldest(key, owner)) === undefined;
    ports.observe({ type: 'drained', key, messages: 1, emptied });
    return gotThrough;
  }

  #process(message: IncomingMessage, attempt: Attempt | undefined): Promise<Outcome> {
    const { ports, time } = this.#deps;
    const { timeLeft } = time;
    return outcomeOf(ports.process, message, { attempt, isTrial: true, inOwnTrouble: false, timeLeft });
  }

  #tried(before: Attempt | undefined, outcome?: GotFurther): Attempt {
    return afterTrial(before, outcome?.progress, { epoch: this.#epoch, at: this.#deps.time.clock() });
  }

  /** Progress is reported, a failure is not. */
  async #reported({ groupId, id }: IncomingMessage, outcome: Outcome): Promise<Tried> {
    const gotThrough = this.#mode.hasProgress(outcome.shown);
    const reason = reasonOf(outcome);
    this.#deps.ports.observe({
      type: 'tried',
      key: groupId,
      messageId: id,
      outcome: outcome.kind,
      gotThrough,
      ...(reason === undefined ? {} : { reason }),
    });
    if (!gotThrough) return 'failed';
    await this.#mode.tried(this.#epoch, (outcome.shown?.delivered ?? 0) > 0, this.#begunAt);
    return 'progress';
  }
}

type GotFurther = Outcome & { readonly progress: Progress };

const hasGotFurther = (outcome: Outcome): outcome is GotFurther => 'progress' in outcome;

const reasonOf = (outcome: Outcome): string | undefined => {
  if (outcome.kind === 'crash') return outcome.crash.error;
  return 'reason' in outcome ? outcome.reason : undefined;
};
