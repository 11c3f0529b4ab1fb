/**
 * How a stage's mode changes. Pure: from what is stored, what happened and the time to what is to be stored.
 * `docs/mode-machine.md` has the rules: a stage is normal until there is evidence that it does not work, and after that only on
 * evidence that it does.
 *
 * - What messages show is in `evidence.ts` and `failures.ts`; what control sees each minute in `minute.ts`; how a mode
 *   is entered, and what follows from it, in `transitions.ts`; which clocks run when, in `clocks.ts`.
 * - A hold is a flag apart from the mode. It and a blocked system stop all clocks, and what makes things better; and whatever
 *   needs a clock to make them worse. Evidence that messages give is counted: they may be under way still, and what they show is true.
 * - `epoch` grows by one on every change of mode. What happened under another epoch is not counted: it says nothing about the
 *   present one.
 */
import { evidence } from './evidence.ts';
import type { ModeEvent } from './events.ts';
import { ticked } from './minute.ts';
import { isStopped } from './clocks.ts';
import { isUnreadable, type Mode, type ModeRecord, type StageProgress, without } from './record.ts';
import { recover, settle, shortReason, type ModeSettings, type Situation } from './transitions.ts';

export type { ModeEvent, Probe } from './events.ts';
export type { ModeSettings } from './transitions.ts';

/** What a decision goes by, as it is stored. */
export interface Stored {
  readonly own: ModeRecord;
  /** The router's mode; undefined when `own` is the router's. */
  readonly system: Mode | undefined;
  readonly progress: StageProgress;
}

/**
 * @param now milliseconds since 1970
 * @returns the record to store, its `rev` left as it was; undefined when nothing changes
 */
export const decide = (
  { own, system, progress }: Stored,
  event: ModeEvent,
  now: number,
  settings: ModeSettings,
): ModeRecord | undefined => {
  const situation = (record: ModeRecord): Situation => ({ own: record, system, progress, now, settings });
  const settled = (record: ModeRecord) => settle(situation(record));
  if (isUnreadable(own)) {
    if (event.type !== 'resume' || own.newer !== undefined) return undefined;
    return settled(resumed(situation({ ...own, since: now })));
  }
  const current = settled(own);
  const next = react(situation(current), event);
  if (next !== current) return settled(next);
  return event.type === 'tick' && current !== own ? current : undefined;
};

/** @returns the same object when the event changes nothing */
const react = (situation: Situation, event: ModeEvent): ModeRecord => {
  const { own } = situation;
  switch (event.type) {
    case 'tick':
      return ticked(situation, event);
    case 'hold':
      return held(situation, event.reason);
    case 'resume':
      return resumed(situation);
    case 'announced':
      return event.epoch > own.announced ? { ...own, announced: event.epoch } : own;
    case 'redriven':
    case 'died':
    case 'failed':
    case 'rejected':
    case 'crashed':
    case 'attempted':
    case 'progress':
    case 'invoked':
    case 'tried':
      return event.epoch === own.epoch ? evidence(situation, event) : own;
  }
};

const held = ({ own }: Situation, reason: string): ModeRecord => {
  const holdReason = shortReason(reason);
  return own.held && own.holdReason === holdReason ? own : { ...own, held: true, holdReason };
};

/** While the system blocks a degraded stage, only its pause ends: it recovers once the system lets it. */
const resumed = (situation: Situation): ModeRecord => {
  const own = situation.own.held ? without({ ...situation.own, held: false }, 'holdReason') : situation.own;
  if (own.mode !== 'degraded') return own;
  const released = { ...situation, own };
  if (!isStopped(released)) return recover(released, 'an operator resumed it');
  return own.pauseUntil === 0 ? own : { ...own, pauseUntil: 0 };
};
