/** Why a stage is as it is: its last failures, what waits, what got through last, and its code. No DOM here. */
import type { StageStatus } from '../../../contract/status.ts';
import { ago, capital, clock, count, list } from './words.ts';

/** A failure of any kind; crashes are among them for a summary only, as they have a section of their own. */
export interface Failure {
  readonly kind: string;
  readonly text: string;
  readonly at: number;
  readonly codeVersion: string;
}

const KINDS = [
  ['lastRefusal', 'Refused by AWS'],
  ['lastFailure', 'Failed'],
  ['lastRejection', 'Rejected'],
] as const;

/** The last failure of each kind but crashes. */
export const failuresOf = (stage: StageStatus): readonly Failure[] =>
  KINDS.flatMap(([field, kind]) => {
    const failure = stage[field];
    return failure === undefined ? [] : [{ ...failure, kind }];
  });

/** Characters of a failure's text that a summary has room for. */
const TEXT = 300;

const lastOf = (stage: StageStatus): Failure | undefined => {
  const { lastCrash: crash } = stage;
  const crashes = crash === undefined ? [] : [{ ...crash, kind: 'Crashed', text: crash.error }];
  return [...crashes, ...failuresOf(stage)].sort((one, other) => other.at - one.at)[0];
};

/** "Failed 4 min ago: the destination answered 503"; empty: nothing has failed, or the reason of the mode says it already. */
export const lastFailureText = (stage: StageStatus, now: number): string => {
  const last = lastOf(stage);
  if (last === undefined || (stage.mode !== 'normal' && stage.reason.includes(last.text))) return '';
  const text = last.text.replaceAll(/\s+/g, ' ');
  return `${last.kind} ${ago(last.at, now)}: ${text.length > TEXT ? `${text.slice(0, TEXT)}…` : text}`;
};

/** Something has failed since the last delivery. */
export const isFailing = (stage: StageStatus): boolean => {
  const last = lastOf(stage);
  return last !== undefined && last.at > (stage.progress.deliveredAt ?? 0);
};

/** What the mode alone does not say, sentence by sentence. */
export const noteOf = (stage: StageStatus, now: number): string => {
  const { mode, held, shut, spill, reason, probeFailures, progress, code } = stage;
  const isWell = mode === 'normal' && !held;
  const isDoubtful = !isWell || isFailing(stage);
  const notes = [
    isWell || reason === '' ? '' : `${capital(reason)}.`,
    shut && !held && mode !== 'degraded' ? 'Waits for the router.' : '',
    probeFailures > 0 ? 'Its function fails its probes.' : '',
    waitingText(stage, isDoubtful),
    spill ? 'Everything is being parked: its queue would expire.' : '',
    isDoubtful && progress.deliveredAt !== undefined
      ? `Last delivered ${ago(progress.deliveredAt, now)}.`
      : '',
    isDoubtful && code !== undefined
      ? `Runs code ${code.version}, first seen ${clock(code.since, now)} (${ago(code.since, now)}).`
      : '',
  ];
  return notes.filter((note) => note !== '').join(' ');
};

/** What waits is news only where it may not get through; users in trouble of their own always are. */
const waitingText = ({ waiting: { messages, keys, own } }: StageStatus, isDoubtful: boolean): string => {
  const all = [
    ...(messages === 0 ? [] : [count(messages, 'message')]),
    ...(keys === 0 ? [] : [count(keys, 'parked user')]),
  ];
  const waiting = !isDoubtful || all.length === 0 ? '' : `Waiting: ${list(all)}.`;
  const trouble = own === 0 ? '' : `${count(own, 'user')} in trouble of their own.`;
  return `${waiting} ${trouble}`.trim();
};
