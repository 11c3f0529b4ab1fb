/** What the attempts at messages do to a stage's mode: the rules (a) and (c) of `docs/mode-machine.md`, progress, and trials. */
import { isInDoubt, isStopped, lastProgress } from './clocks.ts';
import type { Evidence } from './events.ts';
import { crashed, failed, rejected } from './failures.ts';
import { becomeNormal, degrade, inWords, recover, shortCrash, type Situation } from './transitions.ts';
import { attempted, inTrouble, isFed } from './trouble.ts';
import { type ModeRecord, without } from './record.ts';

type Of<Type extends Evidence['type']> = Extract<Evidence, { type: Type }>;

/** This many redrives in a window are never made by hand-made poison alone: whatever their share, they degrade. */
const MANY_REDRIVES = 1_000;

/** @returns the same object when it changes nothing */
export const evidence = (situation: Situation, event: Evidence): ModeRecord => {
  const { own } = situation;
  if (own.mode === 'degraded') return event.type === 'tried' ? tried(situation, event) : own;
  switch (event.type) {
    case 'redriven':
      return redriven(situation, event);
    case 'died':
      return died(situation, event);
    case 'failed':
      return failed(situation, event);
    case 'rejected':
      return rejected(situation, event);
    case 'crashed':
      return crashed(situation, event);
    case 'attempted':
      return attempted(situation);
    case 'progress':
      return progressed(situation, event.delivered);
    case 'invoked':
      return own.mode !== 'recovering' || own.invoked === true ? own : { ...own, invoked: true };
    case 'tried':
      return own;
  }
};

/**
 * A trial goes another way than the mapping: it begins the recovery, and is no progress of it. What it filters out while the door is in
 * doubt shows nothing.
 */
const tried = (situation: Situation, { delivered }: Of<'tried'>): ModeRecord => {
  const { own } = situation;
  if (isStopped(situation) || (!delivered && isInDoubt(situation))) return own;
  const calm = delivered ? without(own, 'doubtAt') : own;
  return recover({ ...situation, own: calm }, 'a trial got through');
};

const redriven = (situation: Situation, { messageId, crash, processed }: Of<'redriven'>): ModeRecord => {
  const { own, now, settings } = situation;
  // Counting comes before parking, so a process that dies in between counts the same message again.
  if (own.redrives.some(({ id }) => id === messageId)) return own;
  const recent = own.redrives.filter(({ at }) => now - at <= settings.window);
  const redrives = [...recent, { id: messageId, at: now }].slice(-settings.redriveThreshold);
  const shares = withShare(situation, processed);
  const next = { ...own, redrives, shares, successes: 0, lastCrash: shortCrash(crash) };
  const flip = (reason: string) => degrade({ ...situation, own: next }, reason, crash.codeVersion);
  if (own.mode === 'recovering' && !own.proven)
    return flip('a message was redriven while the stage recovered');
  if (redrives.length < settings.redriveThreshold)
    return inTrouble({ ...situation, own: next }, crash.codeVersion);
  const all = total(shares);
  if (all.redriven < Math.min(MANY_REDRIVES, settings.redriveShare * all.processed))
    return inTrouble({ ...situation, own: { ...next, belowShareAt: now } }, crash.codeVersion);
  const count = Math.max(redrives.length, all.redriven);
  const messages = count === 1 ? 'a message was' : `${count} messages were`;
  return flip(
    count === 1 ? `${messages} redriven` : `${messages} redriven within ${inWords(settings.window)}`,
  );
};

/** The counter of a minute is kept until the whole minute is outside the window. */
const withShare = ({ own, now, settings }: Situation, processed: number): ModeRecord['shares'] => {
  const minute = Math.floor(now / settings.minute);
  const recent = own.shares.filter(
    (share) => share.minute <= minute && now - (share.minute + 1) * settings.minute <= settings.window,
  );
  const before = recent.find((share) => share.minute === minute) ?? { minute, redriven: 0, processed: 0 };
  const others = recent.filter((share) => share.minute !== minute);
  return [...others, { minute, redriven: before.redriven + 1, processed: before.processed + processed }];
};

const total = (shares: ModeRecord['shares']) => ({
  redriven: shares.reduce((sum, { redriven }) => sum + redriven, 0),
  processed: shares.reduce((sum, { processed }) => sum + processed, 0),
});

const died = (situation: Situation, { messageId, crash }: Of<'died'>): ModeRecord => {
  const { own, now, settings } = situation;
  const progress = lastProgress(situation);
  const recent = own.deaths.filter(({ at }) => now - at <= settings.window && at >= progress);
  // The same death may be seen twice: by the ledger, and by last words.
  const isKnown = recent.some(({ id }) => id === messageId);
  const deaths = isKnown ? recent : [...recent, { id: messageId, at: now }].slice(-settings.redriveThreshold);
  const next =
    isKnown && recent.length === own.deaths.length ? own : { ...own, deaths, lastCrash: shortCrash(crash) };
  const flip = (reason: string) => degrade({ ...situation, own: next }, reason, crash.codeVersion);
  if (own.mode === 'recovering' && !own.proven) return flip('the process died while the stage recovered');
  if (deaths.length < settings.redriveThreshold)
    return inTrouble({ ...situation, own: next }, crash.codeVersion);
  const messages = deaths.length === 1 ? 'a message' : `${deaths.length} messages`;
  return flip(`the process died at ${messages} within ${inWords(settings.window)}, and nothing got through`);
};

/** A filtered event is no progress while the door is in doubt: that it is open is not what it shows. */
const progressed = (situation: Situation, delivered: boolean): ModeRecord => {
  const { own, settings } = situation;
  if (!delivered && isInDoubt(situation)) return attempted(situation);
  const ended = delivered
    ? without(own, 'failing', 'troubleFrom', 'rejecting', 'doubtAt')
    : without(own, 'failing', 'troubleFrom');
  const calm = ended.deaths.length === 0 ? ended : { ...ended, deaths: [] };
  if (calm.mode !== 'recovering') return calm.proven || !calm.relapsed ? calm : { ...calm, proven: true };
  const isNoted = calm.proven && calm.progressInWindow === true;
  const proven: ModeRecord = isNoted ? calm : { ...calm, proven: true, progressInWindow: true };
  if (isStopped(situation)) return proven;
  const successes = Math.min(calm.successes + 1, settings.recoverAfter);
  if (successes < settings.recoverAfter || calm.probeFailures > 0 || !isFed(situation))
    return successes === proven.successes ? proven : { ...proven, successes };
  const reason = successes === 1 ? 'a message got through' : `${successes} messages got through`;
  return becomeNormal({ ...situation, own: { ...proven, successes } }, reason, true);
};
