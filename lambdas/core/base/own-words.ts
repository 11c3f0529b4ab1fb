/**
 * What may be said of a failure where no event's content belongs: in logs, which many people may read and which are kept for long, and in
 * announcements, which leave the account. An error's message and a destination's answer may quote an event. They stay with the message's
 * record, and with the stage's for operators; what is left is in Sluice's own words.
 */
import { isNativeError } from 'node:util/types';
import { InfraFault } from './faults.ts';

/** Beginnings of reasons after which Sluice's own words, or AWS's, continue. The first is `OWN_TROUBLE` of the stages. */
const CONTINUED =
  /^(?:others get through, this user does not|rejected|TLS|work waits, and nothing got through for [\w ]+): /;

/**
 * A reason without what it quotes. Every reason begins with Sluice's own words; what it quotes stands behind the first colon, or in
 * parentheses.
 */
export const ownWords = (reason: string): string => {
  const prefix = CONTINUED.exec(reason)?.[0];
  if (prefix !== undefined) return `${prefix}${ownWords(reason.slice(prefix.length))}`;
  return reason.split(/: | \(|\n/, 1)[0] ?? '';
};

/** What follows it is the message. A name that ends in another way may have been made of anything. */
const NAMED = /^([A-Za-z_$][\w$]{0,60}(?:Error|Exception|Fault)|Error)(?:: |$)/;

/** Crashes that Sluice describes itself, of a thread or a process that ended: nothing of user code is in them but numbers. */
const OWN_CRASH = new RegExp(
  [
    String.raw`^process\.[A-Za-z]{1,20}\((?:-?\d{1,10})?\) ended the thread(?:, after the event had been answered)?$`,
    '^the transform ended its thread(?: by an error that nothing caught)?$',
    '^the transform made something that is no event$',
    String.raw`^the transform used more than [\d.]+ MB of memory$`,
    String.raw`^the transform took longer than [\d.]+ seconds for an event$`,
    String.raw`^the process ended(?: \d+ times)? \(a native crash, a timeout, or out of memory\) while processing this message$`,
  ].join('|'),
);

/**
 * @param error a crash's, or an error's name and message
 * @returns the kind of error; of what was thrown in its place, that it is none; what Sluice says of a crash itself, as it is
 */
export const errorName = (error: string): string => {
  if (OWN_CRASH.test(error)) return error;
  return NAMED.exec(error)?.[1] ?? (error.startsWith('threw ') ? 'not an error' : 'Error');
};

/** A file by its path or URL, a line, and a column. An at sign stands only before the scope of a package. */
const PLACE = String.raw`(?:(?:file://)?(?:[\w.+~$%-]|/@?)+|node:[\w/]+):\d+:\d+`;
const FRAME = new RegExp(String.raw`^\s*at (?:.*\()?(${PLACE})\)?$`);
const CALLED = /^\s*at ((?:async )?(?:new )?[\w$.<>#]+)(?: \[as [\w$.]+\])? \(/;
const CAUSED_BY = /^caused by (.*)$/;

const MAX_FRAMES = 40;

const frameOf = (line: string): readonly string[] => {
  const place = FRAME.exec(line)?.[1];
  if (place !== undefined) {
    const called = CALLED.exec(line)?.[1];
    return [called === undefined ? `    at ${place}` : `    at ${called} (${place})`];
  }
  const cause = CAUSED_BY.exec(line)?.[1];
  return cause === undefined ? [] : [`caused by ${errorName(cause)}`];
};

/**
 * A stack's frames: functions, files, lines; and the kinds of its causes. No message.
 * @param error its first line, if that is known: a message may have lines that look like frames
 */
export const framesOf = (stack: string, error = ''): string => {
  const message = error.slice(error.indexOf(': ') + 2);
  const at = message === '' ? -1 : stack.indexOf(message);
  const frames = at === -1 ? stack : stack.slice(at + message.length);
  return frames.split('\n').flatMap(frameOf).slice(0, MAX_FRAMES).join('\n');
};

/**
 * The message of an error that quotes no event: of an `InfraFault`, which has AWS's own words or Sluice's, and of the `AggregateError` of
 * what control could not do.
 */
export const safeMessage = (error: unknown): string | undefined =>
  error instanceof InfraFault || error instanceof AggregateError ? error.message : undefined;

/** An error's name, its frames, and those of its causes, for a log; its message if that is safe. */
export const describeForLog = (error: unknown): string => {
  if (!isNativeError(error) && !(error instanceof Error)) return 'not an error';
  const { name, message, stack = '', cause } = error;
  const headline = errorName(`${name}: `);
  const safe = safeMessage(error);
  const first = safe === undefined ? headline : `${headline}: ${safe}`;
  const frames = framesOf(stack, `${name}: ${message}`);
  const own = frames === '' ? first : `${first}\n${frames}`;
  return cause === undefined ? own : `${own}\ncaused by ${describeForLog(cause)}`;
};
