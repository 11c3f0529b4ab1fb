/** Values of the secrets that a destination's headers and signature, and a transform, name. */
import { allDone } from '../core/base/all-done.ts';
import { InfraFault } from '../core/base/faults.ts';
import type { Clock } from '../core/base/clock.ts';
import { NOTHING_TO_REDACT, redactor, type Redact } from '../core/base/redaction.ts';

/** @throws InfraFault; AccessFault when there is none of this name, or none that can be read */
export type GetSecret = (name: string) => Promise<string>;

export interface Secrets {
  /**
   * The values by name.
   * @throws InfraFault when one could never be fetched
   */
  read(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The destination refused them: the next `read` asks again, so that a rotated secret is picked up. */
  expire(): void;
  /** Takes every value that `read` ever gave out of a text, also one that has been rotated since. */
  readonly redact: Redact;
}

/** How long a value is used without asking again; milliseconds. */
const TTL = 5 * 60_000;
/** The least time between two fetches of one secret, however often it is refused or cannot be fetched; milliseconds. */
const MIN_INTERVAL = 10_000;
/** Values that are taken out of texts: the latest. An environment that lives through more rotations than that is not known. */
const MAX_KNOWN = 50;

interface Entry {
  value?: string;
  askedAt: number;
  expired: boolean;
  pending?: Promise<string>;
}

/**
 * Keeps secrets for the life of the environment. An old value is used as long as no new one can be fetched: the
 * destination decides whether it is still good.
 */
export const secretCache = (
  get: GetSecret,
  clock: Clock,
  warn: (message: string, error: unknown) => void,
): Secrets => {
  const entries = new Map<string, Entry>();
  let known: readonly string[] = [];
  let redact = NOTHING_TO_REDACT;
  const learn = (value: string): void => {
    if (known.includes(value)) return;
    known = [...known, value].slice(-MAX_KNOWN);
    redact = redactor(known);
  };

  const fetchInto = async (name: string, entry: Entry): Promise<string> => {
    entry.askedAt = clock();
    entry.expired = true;
    try {
      // A line end at the end of a secret is a slip, and no header can hold it.
      entry.value = (await get(name)).trim();
      learn(entry.value);
      entry.expired = false;
    } catch (error) {
      if (entry.value === undefined || !(error instanceof InfraFault)) throw error;
      warn(`the secret "${name}" could not be refreshed; its last value is used`, error);
    }
    return entry.value;
  };

  const readOne = (name: string): Promise<string> => {
    const entry = entries.get(name) ?? { askedAt: -Infinity, expired: true };
    entries.set(name, entry);
    // Groups run in parallel: they share one fetch.
    if (entry.pending !== undefined) return entry.pending;
    const age = clock() - entry.askedAt;
    const isFresh = age < (entry.expired ? MIN_INTERVAL : TTL);
    if (entry.value !== undefined && isFresh) return Promise.resolve(entry.value);
    entry.pending = fetchInto(name, entry).finally(() => {
      delete entry.pending;
    });
    return entry.pending;
  };

  return {
    async read(names) {
      const unique = [...new Set(names)];
      return new Map(await allDone(unique.map(async (name) => [name, await readOne(name)] as const)));
    },
    expire() {
      for (const entry of entries.values()) entry.expired = true;
    },
    redact: (text) => redact(text),
  };
};
