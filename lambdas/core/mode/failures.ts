/** What failures, rejections and crashes of attempts do to a stage's mode: the rules (d) and (f) of `docs/mode-machine.md`. */
import { doubtClock, elapsed, isStopped, lastProgress } from './clocks.ts';
import type { Evidence } from './events.ts';
import { degrade, inWords, shortCrash, type Situation } from './transitions.ts';
import { inTrouble } from './trouble.ts';
import { changed, type ModeRecord } from './record.ts';
import type { LastFailure } from '../../../contract/modes.ts';
import { cut } from '../base/text.ts';

type Of<Type extends Evidence['type']> = Extract<Evidence, { type: Type }>;

/** A single key's failures say nothing about the others. */
const BREAKER_KEYS = 2;
/** What is known already is noted again after this time; what is new, after that: texts may differ at each failure. */
const AGAIN = 60_000;
const OTHER_TEXT = 5_000;
const TEXT_BYTES = 300;
/** Parts of `stallAfter` in which a failed delivery is noted once: each would be a write. */
const DOUBT_PARTS = 10;

export const failed = (situation: Situation, event: Of<'failed'>): ModeRecord => {
  const { own } = situation;
  const { text, codeVersion } = event;
  const last = event.refused
    ? { lastRefusal: noted(own.lastRefusal, text, situation, codeVersion) }
    : { lastFailure: noted(own.lastFailure, text, situation, codeVersion) };
  const fields = { failing: countFailure(situation, event.key), doubtAt: doubtOf(situation), ...last };
  const next = { ...situation, own: changed(own, fields) };
  if (breaks(next)) return degrade(next, breakerReason(next, text), codeVersion);
  return inTrouble(next, codeVersion);
};

const doubtOf = (situation: Situation): number => {
  const { own, now, progress, settings } = situation;
  const { doubtAt } = own;
  const isNoted =
    doubtAt !== undefined &&
    doubtAt >= (progress.deliveredAt ?? 0) &&
    doubtClock(situation) - doubtAt < settings.stallAfter / DOUBT_PARTS;
  return isNoted ? doubtAt : now;
};

/** For failures and rejections alike. Once only time is missing nothing is written, so that a dead destination costs few writes. */
const countFailure = (situation: Situation, key: string): NonNullable<ModeRecord['failing']> => {
  const { own, now, settings } = situation;
  const { failing } = own;
  const isCurrent = failing !== undefined && failing.since >= lastProgress(situation);
  const before = isCurrent ? failing : { since: now, count: 0, keys: [] };
  const count = Math.min(before.count + 1, settings.breakerFailures);
  const isNew = before.keys.length < BREAKER_KEYS && !before.keys.includes(key);
  if (isCurrent && count === before.count && !isNew) return failing;
  return { since: before.since, count, keys: isNew ? [...before.keys, key] : before.keys };
};

const breaks = (situation: Situation): boolean => {
  const { own, settings } = situation;
  return (
    own.failing !== undefined &&
    own.failing.count >= settings.breakerFailures &&
    own.failing.keys.length >= BREAKER_KEYS &&
    elapsed(situation, own.failing.since) >= settings.breakerTime
  );
};

const breakerReason = ({ settings }: Situation, text: string): string =>
  `${settings.breakerFailures} deliveries of at least ${BREAKER_KEYS} users failed, ` +
  `and nothing got through for ${inWords(settings.breakerTime)}: ${text}`;

export const rejected = (situation: Situation, { key, text, codeVersion }: Of<'rejected'>): ModeRecord => {
  const { own, now, settings, progress } = situation;
  const isCurrent = own.rejecting !== undefined && own.rejecting.since >= (progress.deliveredAt ?? 0);
  const before = isCurrent ? own.rejecting : { since: now, count: 0 };
  const rejecting =
    before.count >= settings.breakerFailures ? before : { ...before, count: before.count + 1 };
  const lastRejection = noted(own.lastRejection, text, situation, codeVersion);
  const fields = { failing: countFailure(situation, key), rejecting, lastRejection };
  const next = { ...situation, own: changed(own, fields) };
  if (!isStopped(situation) && elapsed(situation, rejecting.since) >= settings.stallAfter) {
    const reason = `for ${inWords(settings.stallAfter)} nothing was delivered, and events were rejected: ${text}`;
    return degrade(next, reason, codeVersion);
  }
  if (breaks(next)) return degrade(next, breakerReason(next, text), codeVersion);
  return inTrouble(next, codeVersion);
};

export const crashed = (situation: Situation, { crash }: Of<'crashed'>): ModeRecord => {
  const { own, now } = situation;
  const short = shortCrash(crash);
  const { lastCrash } = own;
  const isSame = lastCrash?.error === short.error && lastCrash.codeVersion === short.codeVersion;
  const isKnown = lastCrash !== undefined && now - lastCrash.at < (isSame ? AGAIN : OTHER_TEXT);
  return inTrouble({ ...situation, own: isKnown ? own : { ...own, lastCrash: short } }, crash.codeVersion);
};

/** The last failure of a kind. */
const noted = (
  before: LastFailure | undefined,
  text: string,
  { now }: Situation,
  codeVersion: string,
): LastFailure => {
  const short = cut(text, TEXT_BYTES);
  const isSame = before?.text === short && before.codeVersion === codeVersion;
  const isKnown = before !== undefined && now - before.at < (isSame ? AGAIN : OTHER_TEXT);
  return isKnown ? before : { text: short, at: now, codeVersion };
};
