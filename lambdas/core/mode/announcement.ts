/** What is published of a change of mode. */
import { inWords, WELL_AFTER, type ModeSettings } from './transitions.ts';
import type { ModeRecord } from './record.ts';
import type { Crash, LastFailure, Waiting } from '../../../contract/modes.ts';
import { outlook, type NextStep } from './outlook.ts';
import type { Announcement } from './ports.ts';
import { errorName, framesOf, ownWords } from '../base/own-words.ts';
import { shorten } from '../base/text.ts';

export interface PipelineNames {
  readonly pipeline: string;
  /** By which an operator names it on the command line. */
  readonly stackName: string;
}

/** How much of a text from outside a line shows. */
const LINE_BYTES = 300;

const named = ({ error, stack, ...crash }: Crash): Crash => ({
  ...crash,
  error: errorName(error),
  ...(stack === undefined ? {} : { stack: framesOf(stack, error) }),
});

const inOwnWords = (failure: LastFailure): LastFailure => ({ ...failure, text: ownWords(failure.text) });

/** What subscribers get leaves the account, so errors and answers are named, and not quoted: they may quote an event. */
const withoutQuotes = (record: ModeRecord): ModeRecord => {
  const { reason, lastCrash, lastFailure, lastRejection } = record;
  return {
    ...record,
    reason: ownWords(reason),
    ...(lastCrash === undefined ? {} : { lastCrash: named(lastCrash) }),
    ...(lastFailure === undefined ? {} : { lastFailure: inOwnWords(lastFailure) }),
    ...(lastRejection === undefined ? {} : { lastRejection: inOwnWords(lastRejection) }),
  };
};

/** @param stored the stage's record, as it is after the change */
export const announcementOf = (
  stage: string,
  stored: ModeRecord,
  { pipeline, stackName }: PipelineNames,
  settings: ModeSettings,
  routerStage = 'router',
): Announcement => {
  const record = withoutQuotes(stored);
  // RudderStack's words, which rules of those who were paged by it may look for.
  const first =
    stage === routerStage
      ? `Dataplane server ${pipeline} entered ${record.mode} mode`
      : `Destination ${stage} of dataplane server ${pipeline} entered ${record.mode} mode`;
  const { lastCrash, lastFailure, lastRefusal, lastRejection, code, waiting } = record;
  const next = outlook({ own: record, system: undefined, progress: {}, now: record.since, settings });
  const command = `npx sluice status --stack ${stackName}`;
  return {
    text: [
      oneLine(first),
      ...causeLines(record),
      ...nextLines(next),
      ...commandLines(stage, record, stackName, command),
    ].join('\n'),
    pipeline,
    stage,
    mode: record.mode,
    epoch: record.epoch,
    since: iso(record.since),
    reason: record.reason,
    ...(lastCrash === undefined ? {} : { lastCrash }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
    ...(lastRefusal === undefined ? {} : { lastRefusal }),
    ...(lastRejection === undefined ? {} : { lastRejection }),
    ...(code === undefined ? {} : { code: { version: code.version, since: iso(code.since) } }),
    ...(waiting === undefined ? {} : { waiting }),
    next: next.map(({ text, at }) => ({ text, ...(at === undefined ? {} : { at: iso(at) }) })),
    command,
  };
};

const iso = (at: number): string => new Date(at).toISOString();

/** To the second, which is all that a reader needs. */
const time = (at: number): string => iso(at).replace(/\.\d+Z$/, 'Z');

const oneLine = (text: string): string => shorten(text.replace(/\s+/g, ' ').trim(), LINE_BYTES);

/** Why, and what is known of it. Of errors, only those that may have to do with the change: the newest first. */
const causeLines = (record: ModeRecord): readonly string[] => {
  const { mode, since, reason, lastCrash, lastFailure, lastRefusal, lastRejection, waiting } = record;
  const why = reason === '' ? [] : [`Why: ${oneLine(reason)}`];
  if (mode !== 'degraded') return why;
  const errors = [
    ...(lastRefusal === undefined ? [] : [{ name: 'Refused by AWS', ...lastRefusal }]),
    ...(lastFailure === undefined ? [] : [{ name: 'Last failure', ...lastFailure }]),
    ...(lastRejection === undefined ? [] : [{ name: 'Last rejection', ...lastRejection }]),
    ...(lastCrash === undefined
      ? []
      : [{ ...lastCrash, name: `Last crash (${lastCrash.kind})`, text: lastCrash.error }]),
  ]
    .filter(({ at }) => since - at < WELL_AFTER)
    .sort((a, b) => b.at - a.at);
  return [
    ...why,
    ...errors.map(({ name, text, at }) => `${name}: ${oneLine(text)} (${time(at)})`),
    ...codeLines(record),
    ...(waiting === undefined ? [] : [waitingLine(waiting)]),
  ];
};

/** An incident that begins shortly after a deployment is most often the deployment's. */
const codeLines = ({ code, codeVersion, since }: ModeRecord): readonly string[] => {
  const running =
    code === undefined
      ? []
      : [`Code: ${code.version}, first seen ${time(code.since)} (${age(since - code.since)} before)`];
  const isOther = codeVersion !== '' && code !== undefined && code.version !== codeVersion;
  if (isOther) return [...running, `Code that failed: ${codeVersion}`];
  return code === undefined && codeVersion !== '' ? [`Code: ${codeVersion}`] : running;
};

/** In whole minutes, or days when there are several. */
const age = (milliseconds: number): string => {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 120) return inWords(minutes * 60_000).replace(/^0 .*/, 'less than a minute');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
};

const waitingLine = ({ messages, keys, own }: Waiting): string =>
  `Waiting when last counted: ${number(messages, 'message')} in the queue, ${number(keys, 'user')} parked` +
  (own === 0 ? '' : `; ${own} more in trouble of their own`);

const number = (value: number, thing: string): string => `${value} ${thing}${value === 1 ? '' : 's'}`;

const nextLines = (next: readonly NextStep[]): readonly string[] =>
  next.map(({ text, at }) => `Next: ${at === undefined ? '' : `${time(at)}: `}${text}`);

const commandLines = (
  stage: string,
  { mode }: ModeRecord,
  stackName: string,
  command: string,
): readonly string[] => [
  `Look: ${command}`,
  ...(mode === 'degraded' ? [`Fixed? npx sluice resume ${stage} --stack ${stackName}`] : []),
];
