/** Trouble while a stage recovers, and the windows in which that shows. */
import { elapsed, lastProgress } from './clocks.ts';
import { degrade, inWords, type Situation } from './transitions.ts';
import { changed, type ModeRecord, without } from './record.ts';

/**
 * Before the first progress the window begins after it, and the attempt is not in it. Without progress for `breakerTime` the stage has
 * not recovered. In other modes it changes nothing.
 * @param what is wrong, in a few words
 */
export const inTrouble = (situation: Situation, codeVersion: string, what = 'trouble'): ModeRecord => {
  const { own, now, settings } = situation;
  if (own.mode !== 'recovering') return own;
  const { troubleFrom: before } = own;
  const troubleFrom = before !== undefined && before >= lastProgress(situation) ? before : now;
  if (elapsed(situation, troubleFrom) >= settings.breakerTime) {
    const time = inWords(settings.breakerTime);
    return degrade(
      situation,
      `${what} for ${time} while the stage recovered, and nothing got through`,
      codeVersion,
    );
  }
  if (own.proven) return changed(attempted(situation), { troubleFrom });
  return changed(nextWindow(situation), { troubleFrom });
};

/** A window that has seen an attempt is not idle. Once a window is enough. */
export const attempted = ({ own, now }: Situation): ModeRecord =>
  own.mode !== 'recovering' || (own.attemptedAt ?? -Infinity) >= own.windowFrom
    ? own
    : { ...own, attemptedAt: now };

/**
 * What the drain puts through goes another way than the mapping, as a trial does; and what the mapping handed out a while ago does not
 * show that it still does. So as long as messages wait in the queue a recovery does not end before the mapping has invoked the function
 * with some since control's last look.
 */
export const isFed = ({ own }: Pick<Situation, 'own'>): boolean =>
  own.invoked === true || (own.waiting?.messages ?? 0) === 0;

/** Control has looked. */
export const lookedAt = (own: ModeRecord): ModeRecord => without(own, 'invoked');

/** A window that begins now. */
export const nextWindow = ({ own, now }: Situation): ModeRecord =>
  changed(without(own, 'attemptedAt', 'progressInWindow'), { windowFrom: now });
