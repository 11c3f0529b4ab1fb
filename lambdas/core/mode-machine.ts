/**
 * How a stage's mode changes. Pure: from what is stored, what happened and the time to what is to be stored.
 *
 * - normal -> degraded: redrives within the window reach the threshold; or the stage's function fails two probes in a row;
 *   or, a destination's breaker, deliveries of at least two users fail and none succeeds for a time.
 * - degraded -> recovering, unless it is stopped (held, or shut by the system): an operator resumes it; or its function
 *   answers a probe with other code than that which crashed; or its pause is over and the last probe did not fail.
 * - recovering -> degraded: as from normal, and by a single redrive before the first success.
 * - recovering -> normal, unless it is stopped: enough messages were processed, or a window went by, idle or not. A crash
 *   before the first success begins the window anew.
 *
 * A hold is a flag beside the mode. It and the system's being shut stop what makes things better (pause, other code, window,
 * successes), never what makes them worse: messages may be under way still, and what they show is true.
 *
 * `epoch` grows by one on every change of mode. What happened under another epoch is not counted: it says nothing
 * about the present one.
 */
import { isUnreadable, type Crash, type Mode, type ModeRecord } from './mode.ts';
import {
  becomeNormal,
  degrade,
  inWords,
  isStopped,
  recover,
  settle,
  shortCrash,
  shortReason,
  without,
  type ModeSettings,
  type Situation,
} from './mode-transitions.ts';

export type { ModeSettings } from './mode-transitions.ts';

/** What became of a probe. A throttle, or an unknown result, is neither: there was no probe. */
export type Probe =
  | { readonly kind: 'answered'; readonly codeVersion: string }
  | { readonly kind: 'failed'; readonly crash: Crash };

/** `epoch`: the stage's when the work began. */
export type ModeEvent =
  /** A message was taken off the queue because it crashed too often. Counted once for each message. */
  | {
      readonly type: 'redriven';
      readonly epoch: number;
      readonly messageId: string;
      readonly crash: Crash;
    }
  /** A destination did not take a message from its queue, and may take it later. */
  | {
      readonly type: 'failed';
      readonly epoch: number;
      readonly key: string;
      readonly codeVersion: string;
    }
  /** A message was processed, from the queue or from the parking table. */
  | { readonly type: 'succeeded'; readonly epoch: number }
  /** A crash was caught, a drain's too. */
  | { readonly type: 'crashed'; readonly epoch: number }
  /** Control looked at the stage, and probed it or not. */
  | { readonly type: 'tick'; readonly probe?: Probe }
  | { readonly type: 'hold'; readonly reason: string }
  | { readonly type: 'resume' }
  /** The change of mode that began this epoch was published. */
  | { readonly type: 'announced'; readonly epoch: number };

type Event<Type extends ModeEvent['type']> = Extract<ModeEvent, { type: Type }>;

const PROBE_FAILURES = 2;
const BREAKER_KEYS = 2;

/**
 * @param system the router's mode; undefined when `own` is the router's
 * @param now milliseconds since 1970
 * @returns the record to store, its `rev` left as it was; undefined when nothing changes
 */
export const decide = (
  own: ModeRecord,
  system: Mode | undefined,
  event: ModeEvent,
  now: number,
  settings: ModeSettings,
): ModeRecord | undefined => {
  const settled = (record: ModeRecord) => settle({ own: record, system, now, settings });
  if (isUnreadable(own)) {
    if (event.type !== 'resume') return undefined;
    return settled(resumed({ own: { ...own, since: now }, system, now, settings }));
  }
  const current = settled(own);
  const next = react({ own: current, system, now, settings }, event);
  if (next !== current) return settled(next);
  return event.type === 'tick' && current !== own ? current : undefined;
};

/** @returns the same object when the event changes nothing */
const react = (situation: Situation, event: ModeEvent): ModeRecord => {
  const { own } = situation;
  switch (event.type) {
    case 'redriven':
    case 'failed':
    case 'succeeded':
    case 'crashed':
      return event.epoch === own.epoch && own.mode !== 'degraded' ? counted(situation, event) : own;
    case 'tick':
      return ticked(situation, event.probe);
    case 'hold':
      return held(situation, event);
    case 'resume':
      return resumed(situation);
    case 'announced':
      return event.epoch > own.announced ? { ...own, announced: event.epoch } : own;
  }
};

/** What messages show, in normal and recovering. */
const counted = (
  situation: Situation,
  event: Event<'redriven' | 'failed' | 'succeeded' | 'crashed'>,
): ModeRecord => {
  switch (event.type) {
    case 'redriven':
      return redriven(situation, event);
    case 'failed':
      return failed(situation, event);
    case 'succeeded':
      return succeeded(situation);
    case 'crashed':
      return crashed(situation);
  }
};

const redriven = (situation: Situation, { messageId, crash }: Event<'redriven'>): ModeRecord => {
  const { own, now, settings } = situation;
  // Counting comes before parking, so a process that dies in between counts the same message again.
  if (own.redrives.some(({ id }) => id === messageId)) return own;
  const recent = own.redrives.filter(({ at }) => now - at <= settings.window);
  const redrives = [...recent, { id: messageId, at: now }].slice(-settings.redriveThreshold);
  const next = { ...own, redrives, lastCrash: shortCrash(crash) };
  const flip = (reason: string) => degrade({ ...situation, own: next }, reason, crash.codeVersion);
  if (own.mode === 'recovering' && own.successes === 0)
    return flip('a message was redriven while the stage recovered');
  if (redrives.length < settings.redriveThreshold) return next;
  if (redrives.length === 1) return flip('a message was redriven');
  return flip(`${redrives.length} messages were redriven within ${inWords(settings.window)}`);
};

/** The breaker. Once only time is missing nothing is written, so that a dead destination costs a bounded number of writes. */
const failed = (situation: Situation, { key, codeVersion }: Event<'failed'>): ModeRecord => {
  const { own, now, settings } = situation;
  // The router sends to queues of ours: when they fail, that is an infra fault, and nobody's breaker.
  if (situation.system === undefined) return own;
  const { breakerFailures, breakerTime } = settings;
  const before = own.failing ?? { since: now, count: 0, keys: [] };
  const count = Math.min(before.count + 1, breakerFailures);
  const isNew = before.keys.length < BREAKER_KEYS && !before.keys.includes(key);
  const keys = isNew ? [...before.keys, key] : before.keys;
  const next = { ...own, failing: { since: before.since, count, keys } };
  if (count >= breakerFailures && keys.length >= BREAKER_KEYS && now - before.since >= breakerTime) {
    const reason =
      `${count} deliveries of at least ${BREAKER_KEYS} users failed, ` +
      `and none succeeded for ${inWords(breakerTime)}`;
    return degrade({ ...situation, own: next }, reason, codeVersion);
  }
  return count === before.count && !isNew ? own : next;
};

const succeeded = (situation: Situation): ModeRecord => {
  const { recoverAfter } = situation.settings;
  const own = situation.own.failing === undefined ? situation.own : without(situation.own, 'failing');
  if (own.mode !== 'recovering' || isStopped(situation)) return own;
  const successes = own.successes + 1;
  if (successes < recoverAfter) return { ...own, successes };
  const reason = successes === 1 ? 'a message was processed' : `${successes} messages were processed`;
  return becomeNormal({ ...situation, own }, reason);
};

const crashed = ({ own, now }: Situation): ModeRecord => {
  if (own.mode !== 'recovering' || own.successes > 0 || own.windowFrom === now) return own;
  // If the window stands still it does so from its new beginning on.
  return { ...without(own, 'frozenAt'), windowFrom: now };
};

const ticked = (situation: Situation, probe: Probe | undefined): ModeRecord => {
  const own = probed(situation, probe);
  if (isStopped(situation)) return own;
  const { now, settings } = situation;
  const next = { ...situation, own };
  switch (own.mode) {
    case 'normal':
      return own;
    case 'recovering':
      // A probe that has just failed is trouble; the next one tells.
      if (now - own.windowFrom < settings.window || own.probeFailures > 0) return own;
      return becomeNormal(next, `${inWords(settings.window)} went by without trouble`);
    case 'degraded':
      if (probe?.kind === 'answered') {
        // It is not known what code it was that did not even start; it starts now.
        if (own.codeVersion === '') return recover(next, 'the function answers again');
        if (own.codeVersion !== probe.codeVersion) return recover(next, 'other code was deployed');
      }
      return now >= own.pauseUntil && own.probeFailures === 0 ? recover(next, 'the pause is over') : own;
  }
};

const probed = (situation: Situation, probe: Probe | undefined): ModeRecord => {
  const { own } = situation;
  if (probe === undefined) return own;
  if (probe.kind === 'answered') return own.probeFailures === 0 ? own : { ...own, probeFailures: 0 };
  const probeFailures = Math.min(own.probeFailures + 1, PROBE_FAILURES);
  const lastCrash = shortCrash(probe.crash);
  const next = { ...own, probeFailures, lastCrash };
  if (own.mode === 'degraded') {
    const isKnown = own.probeFailures === probeFailures && own.lastCrash?.error === lastCrash.error;
    return isKnown ? own : next;
  }
  if (probeFailures < PROBE_FAILURES) return next;
  const [error = ''] = lastCrash.error.split('\n', 1);
  const reason = `the function failed two probes in a row: ${error}`;
  return degrade({ ...situation, own: next }, reason, probe.crash.codeVersion);
};

const held = ({ own }: Situation, event: Event<'hold'>): ModeRecord => {
  const holdReason = shortReason(event.reason);
  return own.held && own.holdReason === holdReason ? own : { ...own, held: true, holdReason };
};

/** While the system shuts a degraded stage, only its pause ends: it recovers by itself once the system lets it. */
const resumed = (situation: Situation): ModeRecord => {
  const own = situation.own.held ? without({ ...situation.own, held: false }, 'holdReason') : situation.own;
  if (own.mode !== 'degraded') return own;
  const released = { ...situation, own };
  if (!isStopped(released)) return recover(released, 'an operator resumed it');
  return own.pauseUntil === 0 ? own : { ...own, pauseUntil: 0 };
};
