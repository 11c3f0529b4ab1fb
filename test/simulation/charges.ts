import type { Attempt } from '../../lambdas/core/stage/ports.ts';
import type { Invocation } from './invocation.ts';

export const isSameCharge = (a: Attempt, b: Attempt | undefined): boolean =>
  (a.charges ?? 0) === (b?.charges ?? 0) && ((a.charges ?? 0) === 0 || a.stamp === b?.stamp);

/** The charges that one invocation has not taken back: by message id, what the ledger said before. */
interface Account {
  readonly open: Map<string, Attempt | undefined>;
  readonly caught: Set<string>;
  /** The messages it is working on. */
  readonly inHand: Set<string>;
  /** It died: the messages that it had charged by then. */
  charged: ReadonlySet<string>;
  /** What it had in hand when a thread was abandoned that fills the memory. */
  besides: ReadonlySet<string> | undefined;
  /** Last words have charged a message for its death. */
  isHeeded: boolean;
}

/** Follows the ledger independently, to check that a message is charged for its own attempts only. */
export class Charges {
  readonly #accounts = new WeakMap<Invocation, Account>();
  /** By message id: deaths in its own attempt, crashes that were caught, charges that could not be taken back. */
  readonly #blame = new Map<string, number>();
  readonly #violation: (text: string) => void;

  constructor(violation: (text: string) => void) {
    this.#violation = violation;
  }

  blameOf(id: string): number {
    return this.#blame.get(id) ?? 0;
  }

  begun(invocation: Invocation, id: string): void {
    this.#of(invocation).inHand.add(id);
  }

  ended(invocation: Invocation, id: string): void {
    this.#of(invocation).inHand.delete(id);
  }

  /** A record is written: a charge, a charge taken back, or neither. */
  saved(invocation: Invocation, id: string, attempt: Attempt, stored: Attempt | undefined): void {
    const { open, caught } = this.#of(invocation);
    if (caught.has(id)) return;
    if (open.has(id) && isSameCharge(attempt, open.get(id))) open.delete(id);
    else if (!isSameCharge(attempt, stored)) {
      const [other] = open.keys();
      if (other !== undefined) this.#violation(`${invocation.name} charges ${id} while ${other} is charged`);
      open.set(id, stored);
      // It was under way when its process died, and has landed late.
      if (!invocation.isRunning) this.over(invocation);
    }
  }

  deleted(invocation: Invocation, id: string): void {
    this.#of(invocation).open.delete(id);
  }

  /** It counts now; its record, which is written next, does not count again. */
  caught(invocation: Invocation, id: string): void {
    const { open, caught } = this.#of(invocation);
    open.delete(id);
    caught.add(id);
    this.#add(id);
  }

  abandoned(invocation: Invocation): void {
    const account = this.#of(invocation);
    account.besides = new Set(account.inHand);
  }

  /**
   * Last words charge a message.
   * @param dead the last invocation of the environment that died; undefined: none has
   */
  heeded(id: string, dead: Invocation | undefined): void {
    const wrong = (why: string): void => {
      this.#violation(`last words charge ${id}, ${why}`);
    };
    if (dead === undefined) {
      wrong('and nothing has died');
      return;
    }
    const account = this.#of(dead);
    const { inHand, charged, besides, isHeeded } = account;
    if (!inHand.has(id)) wrong(`which ${dead.name} did not have in hand when it died`);
    else if (inHand.size > 1) wrong(`although ${dead.name} had others in hand when it died`);
    else if (besides !== undefined && (besides.size > 1 || !besides.has(id)))
      wrong(`although a thread that was not certainly its own filled the memory of ${dead.name}`);
    else if (charged.has(id)) wrong(`which ${dead.name} had charged before the attempt`);
    else if (isHeeded) wrong(`a second time for the death of ${dead.name}`);
    account.isHeeded = true;
    this.#add(id);
  }

  /** AWS did not let a charge be taken back. */
  stuck(invocation: Invocation): void {
    const { open } = this.#of(invocation);
    for (const id of open.keys()) this.#add(id);
    open.clear();
  }

  over(invocation: Invocation): void {
    const account = this.#of(invocation);
    const [id] = account.open.keys();
    if (id !== undefined && !invocation.isDead)
      this.#violation(`${invocation.name} ends without taking back its charge of ${id}`);
    account.charged = new Set([...account.charged, ...account.open.keys()]);
    this.stuck(invocation);
  }

  #add(id: string): void {
    this.#blame.set(id, this.blameOf(id) + 1);
  }

  #of(invocation: Invocation): Account {
    const account = this.#accounts.get(invocation) ?? {
      open: new Map(),
      caught: new Set(),
      inHand: new Set(),
      charged: new Set(),
      besides: undefined,
      isHeeded: false,
    };
    this.#accounts.set(invocation, account);
    return account;
  }
}
