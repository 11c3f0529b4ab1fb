/**
 * Which keys have a backlog of their own, as far as one environment of a stage's function can see it.
 *
 * SQS counts the messages of a queue and not those of a group. What an environment knows of a key is what it received: how
 * many messages, the times between which those were sent, and how long the latest had waited. Messages that are sent at the
 * same rate since then are still in the queue. Each environment receives a share of a key's messages and sees that share of
 * its rate, so that the backlog of a key is the sum of what the environments report (`hottest`).
 */
import type { HotKey } from '../../../contract/modes.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { byKey } from './queue-steps.ts';

/** One environment's part of a key's backlog. */
export interface HotKeyReport extends HotKey {
  /** Names the environment. */
  readonly by: string;
}

/** A rate is taken over at most this time, and a report counts for as long; milliseconds. */
const PERIOD = 5 * 60_000;
/** Receives with messages that were not seen before, from which on a rate is trusted. */
const MIN_RECEIVES = 3;
/** A smaller backlog is not reported. */
const MIN_BACKLOG = 100;
/** Keys that an environment remembers: those that it received last. */
const MAX_KEYS = 1_000;
/** Reports of one environment. */
const MAX_REPORTS = 5;
/** Reports that are kept of a stage: an item of DynamoDB holds them easily. */
const MAX_STORED = 200;
/** Keys that an operator is shown. */
const MAX_HOTTEST = 5;

interface Tally {
  readonly startedAt: number;
  readonly firstSentAt: number;
  readonly receives: number;
  readonly messages: number;
  /** Of the latest message; messages up to it are redeliveries. */
  readonly sequenceNumber: string;
  readonly sentAt: number;
  readonly at: number;
}

const reportOf = (key: string, tally: Tally, by: string): HotKeyReport => {
  const { messages, firstSentAt, sentAt, at } = tally;
  const age = Math.max(0, at - sentAt);
  return { key, by, backlog: Math.round((messages / Math.max(1, sentAt - firstSentAt)) * age), age, at };
};

const isRecent = ({ at }: Pick<HotKey, 'at'>, now: number): boolean => now - at <= PERIOD;

const largestFirst = (one: HotKey, other: HotKey): number => other.backlog - one.backlog;

/** What an environment remembers between its invocations. */
export class HotKeys {
  readonly #by: string;
  /** The key that was received last is the last. */
  readonly #tallies = new Map<string, Tally>();
  #reportedAt = -Infinity;

  /** @param by names this environment among those of the stage */
  constructor(by: string) {
    this.#by = by;
  }

  /** @param messages a batch, as it was received @param now milliseconds since 1970, as all times here */
  received(messages: readonly IncomingMessage[], now: number): void {
    for (const [key, own] of byKey(messages)) this.#receivedOf(key, own, now);
    for (const key of this.#tallies.keys()) {
      if (this.#tallies.size <= MAX_KEYS) break;
      this.#tallies.delete(key);
    }
  }

  /** What is to be reported now. At most once in `interval`; empty: nothing is. */
  due(now: number, interval: number): readonly HotKeyReport[] {
    if (now - this.#reportedAt < interval) return [];
    const reports = [...this.#tallies]
      .filter(([, tally]) => tally.receives >= MIN_RECEIVES && isRecent(tally, now))
      .map(([key, tally]) => reportOf(key, tally, this.#by))
      .filter(({ backlog }) => backlog >= MIN_BACKLOG)
      .sort(largestFirst)
      .slice(0, MAX_REPORTS);
    if (reports.length > 0) this.#reportedAt = now;
    return reports;
  }

  /** What this environment sees of a key's backlog, messages; 0: not enough to tell. */
  backlogOf(key: string, now: number): number {
    const tally = this.#tallies.get(key);
    const isKnown = tally !== undefined && tally.receives >= MIN_RECEIVES && isRecent(tally, now);
    return isKnown ? reportOf(key, tally, this.#by).backlog : 0;
  }

  #receivedOf(key: string, messages: readonly IncomingMessage[], now: number): void {
    const known = this.#tallies.get(key);
    const before = known !== undefined && now - known.startedAt <= PERIOD ? known : undefined;
    const fresh = messages.filter(
      ({ sequenceNumber }) => before === undefined || sequenceNumber > before.sequenceNumber,
    );
    const [first, last] = [fresh[0], fresh.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#tallies.delete(key);
    this.#tallies.set(key, {
      startedAt: before?.startedAt ?? now,
      firstSentAt: before?.firstSentAt ?? first.sentAt,
      receives: (before?.receives ?? 0) + 1,
      messages: (before?.messages ?? 0) + fresh.length,
      sequenceNumber: last.sequenceNumber,
      sentAt: last.sentAt,
      at: now,
    });
  }
}

/** The reports of a stage, with those of one environment in place of its earlier ones. */
export const withReports = (
  stored: readonly HotKeyReport[],
  own: readonly HotKeyReport[],
  now: number,
): readonly HotKeyReport[] => {
  const replaced = new Set(own.map(({ by }) => by));
  const others = stored.filter((report) => !replaced.has(report.by) && isRecent(report, now));
  return [...own, ...others].sort(largestFirst).slice(0, MAX_STORED);
};

/**
 * The keys with the largest backlogs, the largest first.
 * @param messages of the stage's queue: no key has more
 */
export const hottest = (
  reports: readonly HotKeyReport[],
  messages: number,
  now: number,
): readonly HotKey[] => {
  const keys = new Map<string, HotKey>();
  for (const { key, backlog, age, at } of reports.filter((report) => isRecent(report, now))) {
    const before = keys.get(key);
    const latest = before !== undefined && before.at > at ? before : { age, at };
    const sum = (before?.backlog ?? 0) + backlog;
    keys.set(key, { key, backlog: Math.min(sum, messages), age: latest.age, at: latest.at });
  }
  return [...keys.values()]
    .filter(({ backlog }) => backlog >= MIN_BACKLOG)
    .sort(largestFirst)
    .slice(0, MAX_HOTTEST);
};
