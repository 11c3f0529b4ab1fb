/** What control does to a stage's mode each minute: probes, time, and what waits: the rules (b) and (e) of `docs/mode-machine.md`. */
import { elapsed, isInDoubt, isStopped, isWaiting, lastProgress } from './clocks.ts';
import type { ModeEvent, Probe } from './events.ts';
import {
  becomeNormal,
  degrade,
  gaugeOf,
  inWords,
  recover,
  shortCrash,
  type Situation,
} from './transitions.ts';
import { inTrouble, isFed, lookedAt, nextWindow } from './trouble.ts';
import { changed, type ModeRecord, without } from './record.ts';
import type { Waiting } from '../../../contract/modes.ts';

export { isWaiting } from './clocks.ts';

type Tick = Extract<ModeEvent, { type: 'tick' }>;

const PROBE_FAILURES = 2;

/** @returns the same object when nothing changes */
export const ticked = (situation: Situation, tick: Tick): ModeRecord => {
  const probed = { ...situation, own: withProbe(situation, tick.probe) };
  if (probed.own.mode !== situation.own.mode) return probed.own;
  const settled = { ...probed, own: withGauge(probed) };
  const seen = { ...settled, own: withWaiting(settled, tick.waiting) };
  const calm = { ...seen, own: withoutDoubt(seen) };
  const next = { ...calm, own: withGauge(calm) };
  if (isStopped(next)) return lookedAt(next.own);
  switch (next.own.mode) {
    case 'normal':
      return stalled(next, tick) ?? next.own;
    case 'recovering':
      return lookedAt(stalled(next, tick) ?? windowOver(next, tick));
    case 'degraded':
      return pauseOver(next, tick.probe);
  }
};

const withProbe = (situation: Situation, probe: Probe | undefined): ModeRecord => {
  const { own, now, settings } = situation;
  if (probe === undefined) return own;
  if (probe.kind === 'answered') {
    const { codeVersion } = probe;
    const isKnown = own.code?.version === codeVersion;
    if (own.probeFailures === 0 && isKnown) return own;
    const code = isKnown ? {} : { code: { version: codeVersion, since: now } };
    return { ...without(own, 'probeFailedAt'), probeFailures: 0, ...code };
  }
  // Two controls may run at the same moment: what they see is one failure.
  if (own.probeFailedAt !== undefined && now - own.probeFailedAt < settings.minute / 2) return own;
  const isSecond = own.probeFailures > 0;
  const probeFailures = Math.min(own.probeFailures + 1, PROBE_FAILURES);
  const next = { ...own, probeFailures, probeFailedAt: now, lastCrash: shortCrash(probe.crash) };
  const [error = ''] = next.lastCrash.error.split('\n', 1);
  const { codeVersion } = probe.crash;
  switch (own.mode) {
    case 'degraded':
      return next;
    case 'normal': {
      const gotThrough = lastProgress(situation) >= (own.probeFailedAt ?? 0);
      if (!isSecond || gotThrough) return next;
      return degrade(
        { ...situation, own: next },
        `the function failed two probes in a row: ${error}`,
        codeVersion,
      );
    }
    case 'recovering':
      return inTrouble({ ...situation, own: next }, codeVersion, `failed probes (${error})`);
  }
};

/** In normal only what is parked is kept up to date: messages come and go, and each look would be a write. */
const withWaiting = ({ own, now }: Situation, waiting: Waiting | undefined): ModeRecord => {
  if (waiting === undefined) return own;
  const waits = isWaiting(waiting);
  const since = waits ? own.waitingSince : own.quietSince;
  const isSame =
    (own.mode === 'normal' || own.waiting?.messages === waiting.messages) &&
    own.waiting?.keys === waiting.keys &&
    own.waiting.own === waiting.own;
  if (since !== undefined && isSame) return own;
  const rest = without(own, waits ? 'quietSince' : 'waitingSince');
  return { ...rest, waiting, ...(waits ? { waitingSince: since ?? now } : { quietSince: since ?? now }) };
};

/** Doubt that is over does not begin again: the stage would write progress each second for as long as it only filters. */
const withoutDoubt = (situation: Situation): ModeRecord =>
  situation.own.mode === 'degraded' || isInDoubt(situation)
    ? situation.own
    : without(situation.own, 'doubtAt');

/**
 * Once the gauge has come down after a relapse, only another change of mode puts it up. So this goes first by what was seen before, as
 * the gauge itself did when this run of control published it.
 */
const withGauge = (situation: Situation): ModeRecord => {
  const { own, now } = situation;
  if (own.mode !== 'normal' || !own.relapsed) return own;
  const next = lastProgress(situation) > own.since ? changed(own, { proven: true }) : own;
  return gaugeOf(next, now) === 0 ? { ...next, relapsed: false } : next;
};

/**
 * (e): something waits, and nothing makes progress; whether it was tried or not, invoked or not. That a stage became normal does not
 * start the clock over: it became so by progress, or because nothing waited.
 */
const stalled = (situation: Situation, { waiting, hint }: Tick): ModeRecord | undefined => {
  const { own, now, settings } = situation;
  if (waiting === undefined || !isWaiting(waiting)) return undefined;
  const from = stalledFrom(situation);
  if (from === undefined || now - from < settings.stallAfter) return undefined;
  const why = hint === undefined ? '' : `: ${hint}`;
  const reason = `work waits, and nothing got through for ${inWords(settings.stallAfter)}${why}`;
  return degrade(situation, reason, own.code?.version ?? '');
};

/** Where the clock of (e) began; undefined while nothing waits. */
export const stalledFrom = (situation: Situation): number | undefined => {
  const { mode, since, waitingSince, releasedAt = 0 } = situation.own;
  if (waitingSince === undefined) return undefined;
  return Math.max(lastProgress(situation), waitingSince, releasedAt, mode === 'recovering' ? since : 0);
};

/** A probe that has just failed is trouble; the next one decides. */
const windowOver = (situation: Situation, { waiting }: Tick): ModeRecord => {
  const { own, now, settings } = situation;
  if (elapsed(situation, own.windowFrom) < settings.window || own.probeFailures > 0) return own;
  const time = inWords(settings.window);
  const hasProgress = own.progressInWindow === true || lastProgress(situation) > own.windowFrom;
  if (hasProgress) {
    if (isFed(situation)) return becomeNormal(situation, `messages got through, and ${time} went by`, true);
    return changed(own, { proven: true });
  }
  // Control's runs are not exactly a minute apart.
  const isQuiet =
    waiting !== undefined && own.quietSince !== undefined && now - own.quietSince >= settings.minute / 2;
  if (isQuiet && own.attemptedAt === undefined)
    return becomeNormal(situation, `${time} went by, and there was nothing to do`, own.proven);
  return nextWindow(situation);
};

const pauseOver = (situation: Situation, probe: Probe | undefined): ModeRecord => {
  const { own, now } = situation;
  if (probe?.kind === 'answered') {
    // It is not known what code it was that did not even start; it starts now.
    if (own.codeVersion === '') return recover(situation, 'the function answers again');
    if (own.codeVersion !== probe.codeVersion) return recover(situation, 'other code was deployed');
  }
  return now >= own.pauseUntil && own.probeFailures === 0 ? recover(situation, 'the pause is over') : own;
};
