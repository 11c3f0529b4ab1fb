/** When a key stops in the middle of a batch: for how long the queue hides what is left of it. */
import { backoff, toSeconds } from './backoff.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { KnownMode } from './known-mode.ts';
import type { RunnerDeps } from './runner-deps.ts';

export interface Halted {
  readonly kind: 'halted';
  /** Seconds. */
  readonly delay: number;
}

/** Milliseconds between two trials, as a rule. */
const TRIED_WITHIN = 60_000;

export class Halts {
  readonly #mode: KnownMode;
  readonly #deps: Pick<RunnerDeps, 'ports' | 'time'>;

  constructor(mode: KnownMode, deps: Pick<RunnerDeps, 'ports' | 'time'>) {
    this.#mode = mode;
    this.#deps = deps;
  }

  /** For lack of time: the next delivery can begin immediately. */
  stopped(message: IncomingMessage): Halted {
    this.#deps.ports.observe({ type: 'stopped', message });
    return { kind: 'halted', delay: 0 };
  }

  /** Not the message's doing: its failures stay as they are, and the wait grows with its deliveries. */
  fault(message: IncomingMessage, reason: string): Halted {
    const delay = this.delay(message.receiveCount);
    this.#deps.ports.observe({ type: 'fault', message, reason, delay });
    return { kind: 'halted', delay };
  }

  /**
   * While nothing shows that the stage works, a message is hidden for no longer than a trial's interval: SQS gives a trial nothing that
   * is hidden, and the stage would find out that much later that the outage is over.
   * @returns seconds
   */
  delay(tries: number, retryAfter?: number): number {
    const { backoff: limits, random } = this.#deps.time;
    const { mode, proven } = this.#mode.own;
    const isUnproven = mode === 'degraded' || (mode === 'recovering' && !proven);
    const maxBackoff = isUnproven ? Math.min(limits.maxBackoff, TRIED_WITHIN) : limits.maxBackoff;
    return toSeconds(backoff(tries, { ...limits, maxBackoff }, random, retryAfter));
  }
}
