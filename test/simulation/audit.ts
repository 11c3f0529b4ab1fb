import type { RunnerEvent } from '../../lambdas/core/stage/batch-runner.ts';
import { Belongings } from './belongings.ts';
import { Charges } from './charges.ts';
import type { Invocation } from './invocation.ts';

/** A message's body: its key, and its number among those of its key, from 0. */
export const bodyOf = (key: string, number: number): string => `${key}:${String(number)}`;
const parse = (body: string): { key: string; number: number } => {
  const [key = '', number = ''] = body.split(':');
  return { key, number: Number(number) };
};

export interface AuditOptions {
  readonly crashes: number;
  /** SQS itself gives up on messages: then the next of a key may overtake, before the intake has parked the first. */
  readonly mayOvertake: boolean;
  readonly now: () => number;
}

/** Watches what happens, and says what must not. */
export class Audit {
  readonly violations: string[] = [];
  readonly charges = new Charges((text) => {
    this.#violation(text);
  });
  readonly belongings: Belongings;
  readonly #options: AuditOptions;
  readonly #sent = new Map<string, number>();
  readonly #delivered = new Map<string, Set<number>>();
  readonly #working = new Map<string, Invocation>();
  readonly #knowsShut = new WeakSet<Invocation>();
  #shutSince: number | undefined;
  /** What was redriven. */
  readonly poisons: string[] = [];
  deliveries = 0;
  duplicates = 0;
  redriven = 0;
  deadLetters = 0;
  parked = 0;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.belongings = new Belongings(options.now, (text) => {
      this.#violation(`last words: ${text}`);
    });
  }

  get isAllDelivered(): boolean {
    return [...this.#sent].every(([key, count]) => (this.#delivered.get(key)?.size ?? 0) === count);
  }

  /** What was sent and not delivered. */
  get missing(): string[] {
    return [...this.#sent].flatMap(([key, count]) =>
      Array.from({ length: count }, (_, i) => i)
        .filter((i) => this.#delivered.get(key)?.has(i) !== true)
        .map((i) => bodyOf(key, i)),
    );
  }

  sent(key: string): void {
    this.#sent.set(key, (this.#sent.get(key) ?? 0) + 1);
  }

  /** The mode as it is stored. */
  mode(isShut: boolean, now: number): void {
    this.#shutSince = isShut ? (this.#shutSince ?? now) : undefined;
  }

  /** The mode as the invocation has read it, or was told. */
  knows(invocation: Invocation, isShut: boolean): void {
    if (isShut) this.#knowsShut.add(invocation);
    else this.#knowsShut.delete(invocation);
  }

  /** @param room milliseconds that the attempt may take */
  begun(id: string, body: string, invocation: Invocation, room: number, isTrial: boolean): void {
    const { key } = parse(body);
    this.charges.begun(invocation, id);
    if (this.#knowsShut.has(invocation) && !isTrial)
      this.#violation(`${invocation.name} begins ${body} although it knows that the stage is shut`);
    if (invocation.timeLeft < room) this.#violation(`${invocation.name} begins ${body} with too little time`);
    const other = this.#working.get(key);
    if (other?.isRunning === true && !this.#options.mayOvertake)
      this.#violation(`${invocation.name} begins ${body} while ${other.name} works on ${key}`);
    this.#working.set(key, invocation);
    if (!isTrial && this.#shutSince !== undefined && this.#shutSince < invocation.startedAt)
      this.#violation(`${invocation.name} begins ${body} although the stage was shut when it started`);
  }

  ended(id: string, body: string, invocation: Invocation): void {
    this.charges.ended(invocation, id);
    this.#working.delete(parse(body).key);
  }

  delivered(body: string): void {
    const { key, number } = parse(body);
    const seen = this.#delivered.get(key) ?? new Set<number>();
    this.#delivered.set(key, seen);
    const last = seen.size - 1;
    this.deliveries += 1;
    if (seen.has(number)) this.duplicates += 1;
    if (!this.#options.mayOvertake && number !== last && number !== last + 1)
      this.#violation(`${body} is delivered after ${bodyOf(key, last)}`);
    seen.add(number);
  }

  observe(event: RunnerEvent, invocation: Invocation): void {
    if (event.type === 'crash') this.charges.caught(invocation, event.message.id);
    if (event.type === 'setback' && event.step === 'ledger') this.charges.stuck(invocation);
    if (event.type === 'parked') this.parked += 1;
    if (event.type !== 'redriven') return;
    const isDead = event.crash.kind === 'dead letter';
    if (isDead) this.deadLetters += 1;
    else this.redriven += 1;
    const { id, body } = event.message;
    this.poisons.push(body);
    const blame = this.charges.blameOf(id);
    if (!isDead && blame < this.#options.crashes)
      this.#violation(`${body} is redriven after ${String(blame)} crashes of its own`);
  }

  /** The invocation has answered, and a call of it is under way or is made later. */
  owed(invocation: Invocation, call: string): void {
    this.#violation(`${invocation.name} has answered, and ${call} is under way`);
  }

  error(invocation: Invocation, error: Error): void {
    this.#violation(`${invocation.name} ended with ${error.stack ?? error.message}`);
  }

  #violation(text: string): void {
    this.violations.push(text);
  }
}
