/** The order in which the work on a user's messages takes effect in a stage. */
import { userName, type StageId } from './plan.ts';

/** A message, by its place among those of its user in its queue. */
export interface Placed {
  readonly stage: StageId;
  readonly user: number;
  readonly place: number;
}

interface Line {
  /** The latest message that had an effect. */
  latest: number;
  /** The first one of the messages that were worked on as one when the last effect happened. */
  unit: number;
  readonly ever: Set<number>;
  /** An earlier message had an effect again after these: they must have theirs again, in order. */
  readonly again: Set<number>;
}

export class Effects {
  readonly #violation: (text: string) => void;
  readonly #lines = new Map<string, Line>();

  constructor(violation: (text: string) => void) {
    this.#violation = violation;
  }

  /**
   * It must not come after the effect of a later message, unless both were worked on as one: then all that is later has its effect again.
   * @param unit the first of the messages that are worked on as one
   */
  happened(message: Placed, unit: Placed): void {
    const { stage, user, place } = message;
    const line = this.#of(message);
    const skipped = [...line.again].find((one) => one < place);
    const what = `order: ${stage} works on message ${String(place)} of ${userName(user)}`;
    if (place < line.unit) this.#violation(`${what} after message ${String(line.latest)}`);
    else if (skipped !== undefined)
      this.#violation(`${what}, and not again on message ${String(skipped)}, which it had worked on`);
    for (const later of line.ever) if (later > place) line.again.add(later);
    line.again.delete(place);
    line.ever.add(place);
    line.latest = Math.max(line.latest, place);
    line.unit = unit.place;
  }

  /** The message is done: it need not have an effect again. */
  done(message: Placed): void {
    this.#of(message).again.delete(message.place);
  }

  /** Messages that had an effect before that of an earlier one, and none since. */
  get stale(): readonly string[] {
    return [...this.#lines].flatMap(([name, { again }]) =>
      [...again].map((place) => `message ${String(place)} of ${name}`),
    );
  }

  #of({ stage, user }: Placed): Line {
    const name = `${stage} ${userName(user)}`;
    const line = this.#lines.get(name) ?? { latest: -1, unit: -1, ever: new Set(), again: new Set() };
    this.#lines.set(name, line);
    return line;
  }
}
