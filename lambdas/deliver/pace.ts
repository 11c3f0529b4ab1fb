/**
 * When a destination may be sent to: its rate, and the pauses that it asks for by `Retry-After`. They are of all its users, and of this
 * environment of the function alone, which asks nobody: a rate is shared in advance (`config/pace.ts`), and the other environments
 * hear of a pause by answers of their own.
 *
 * What may not begin yet waits within the time that is left. For what it would have to wait longer, the function is held until that time is
 * over, and it goes back: neither charged nor evidence of anything. Without the hold, SQS would hand it out again in a loop.
 */
import pLimit from 'p-limit';
import { fullBucket, take, waitFor, type Bucket } from '../core/ingest/rate-limit.ts';
import type { Clock } from '../core/base/clock.ts';
import type { Sender, Verdicts } from './destinations/sender.ts';

export interface PaceOptions {
  /** Requests of this environment; undefined: no limit. */
  readonly perSecond: number | undefined;
  /** What has to be left of the function's time before a request begins; milliseconds, as all lengths of time here. */
  readonly room: number;
  /** A longer pause is tried then, since the destination may have recovered, or its answer may be a mistake. */
  readonly maxPause: number;
  readonly clock: Clock;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** Called when a pause begins, or is prolonged. */
  readonly onPause: (pause: number) => void;
}

/** A whole one at least, or none would ever be there to take. */
const burstOf = (perSecond: number): number => Math.max(1, perSecond);

class Pace {
  readonly #limit: { readonly eventsPerSecond: number; readonly burst: number } | undefined;
  #bucket: Bucket | undefined;
  #pausedUntil = 0;

  constructor(perSecond: number | undefined) {
    this.#limit =
      perSecond === undefined ? undefined : { eventsPerSecond: perSecond, burst: burstOf(perSecond) };
  }

  /** @returns milliseconds until a request may begin; 0: now */
  wait(now: number): number {
    const pause = Math.max(0, this.#pausedUntil - now);
    if (this.#limit === undefined) return pause;
    return Math.max(pause, waitFor(this.#bucket ?? fullBucket(this.#limit, now), this.#limit, now));
  }

  begin(now: number): void {
    if (this.#limit === undefined) return;
    this.#bucket = take(this.#bucket ?? fullBucket(this.#limit, now), this.#limit, 1, now);
  }

  /** @returns whether that is later than what was known */
  pause(until: number): boolean {
    if (until <= this.#pausedUntil) return false;
    this.#pausedUntil = until;
    return true;
  }
}

/** The longest pause that a call's verdicts ask for. */
const pauseIn = (said: Verdicts): number => {
  const verdicts = said.kind === 'whole' ? [said.verdict] : said.verdicts;
  return Math.max(0, ...verdicts.map((verdict) => ('pause' in verdict ? (verdict.pause ?? 0) : 0)));
};

export const paced = (
  sender: Sender,
  { perSecond, room, maxPause, clock, sleep, onPause }: PaceOptions,
): Sender => {
  const pace = new Pace(perSecond);
  /** In the order in which they asked: a user who has a request answered stands behind those who still wait. */
  const inTurn = pLimit(1);
  const mayBegin = async (timeLeft: () => number): Promise<boolean> => {
    // An answer that asks for a pause may come while this one sleeps: asked again each time.
    for (;;) {
      const usable = timeLeft() - room;
      if (usable < 0) return false;
      const now = clock();
      const wait = pace.wait(now);
      if (wait === 0) {
        pace.begin(now);
        return true;
      }
      if (usable === 0) return false;
      await sleep(Math.min(wait, usable));
    }
  };
  return {
    ...sender,
    send: async (events, timeLeft) => {
      if (!(await inTurn(mayBegin, timeLeft))) return undefined;
      const said = await sender.send(events, timeLeft);
      const pause = Math.min(maxPause, said === undefined ? 0 : pauseIn(said));
      if (pause > 0 && pace.pause(clock() + pause)) onPause(pause);
      return said;
    },
  };
};
