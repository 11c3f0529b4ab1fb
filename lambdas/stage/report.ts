/** What happens in a stage, as log lines and metrics. */
import { METRICS } from '../../contract/metrics.ts';
import { parseEnvelope } from '../core/event/envelope.ts';
import { errorName, framesOf, ownWords } from '../core/base/own-words.ts';
import type { Outcome } from '../core/stage/outcome.ts';
import type { Observe } from '../core/stage/runner-events.ts';
import type { Crash } from '../../contract/modes.ts';
import { describeError, emitMetrics, log } from '../aws/log.ts';

const STEPS = {
  visibility: "set a message's visibility; it comes back after the queue's own timeout",
  delete: 'delete a finished message; the batch response will, or it is redelivered',
  ledger: 'record an attempt; an event may be delivered again',
  progress: 'record that the stage made progress; it is recorded with the next',
  mode: 'report to the mode machine; the mode may change later than it should',
  lease: 'give a lease back; the key waits until it ends',
  successor: 'start the worker that continues a drain; control starts one within a minute',
  'late crashes': 'record late crashes; the log has them',
  'queue length': 'read the length of the queue; it counts as short for a minute',
  'hot keys': 'report the keys with the largest backlogs; they are reported again in a minute',
} as const;

/** Of a crash, for a log line. */
export const failureFields = ({
  error,
  stack,
}: Pick<Crash, 'error' | 'stack'>): { readonly error: string; readonly stack?: string } => ({
  error: errorName(error),
  ...(stack === undefined ? {} : { stack: framesOf(stack, error) }),
});

/** How many events wait in a message that is parked. */
const countEvents = (body: string): number => {
  const envelope = parseEnvelope(body);
  return envelope?.kind === 'events' ? envelope.events.length : (envelope?.count ?? 1);
};

/** Of how an attempt ended: a fault's are AWS's own, which name what it did not do. */
const wordsOf = (why: Outcome['kind'], reason: string): string => {
  if (why === 'fault') return reason;
  return why === 'crash' ? errorName(reason) : ownWords(reason);
};

export const reportTo =
  (stage: string, codeVersion: string): Observe =>
  (event) => {
    const count = (metrics: Readonly<Record<string, number>>) =>
      emitMetrics({ [METRICS.stage]: stage }, metrics);
    switch (event.type) {
      case 'deferred':
        log('warn', `deferred messages: ${event.reason}`, {
          stage,
          messages: event.messages,
          ...(event.error === undefined ? {} : { error: describeError(event.error) }),
        });
        count({ BatchesRefused: 1 });
        break;
      case 'died': {
        const { messages, message } = event;
        log('error', 'the process before this one died; what it had in hand was given back', {
          stage,
          codeVersion,
          messages,
          messageId: message?.id,
        });
        break;
      }
      case 'stopped':
        log('info', 'stopped for lack of time', { stage, messageId: event.message.id });
        break;
      case 'retry':
      case 'fault': {
        const { message, reason, delay } = event;
        log('warn', event.type === 'retry' ? 'will try again' : 'AWS failed; will try again', {
          stage,
          messageId: message.id,
          receiveCount: message.receiveCount,
          reason: event.type === 'fault' ? reason : ownWords(reason),
          delay,
        });
        count(event.type === 'retry' ? { Retries: 1 } : { Faults: 1 });
        break;
      }
      case 'crash':
        log('error', 'crashed', {
          stage,
          codeVersion,
          kind: event.crash.kind,
          messageId: event.message.id,
          receiveCount: event.message.receiveCount,
          delay: event.delay,
          eventId: event.crash.eventId,
          ...failureFields(event.crash),
        });
        count({ Crashes: 1 });
        break;
      case 'redriven': {
        const { message, crash } = event;
        const error = errorName(crash.error);
        log('error', 'redriven', { stage, codeVersion, messageId: message.id, kind: crash.kind, error });
        count({ Redrives: 1 });
        break;
      }
      case 'parked': {
        const { message, reason, counted } = event;
        // That a redriven message is parked is news. What follows it, a message at a time, is not.
        log(counted ? 'warn' : 'info', 'parked', {
          stage,
          messageId: message.id,
          key: message.groupId,
          reason: ownWords(reason),
          counted,
        });
        count({ MessagesParked: 1, EventsParked: countEvents(message.body) });
        break;
      }
      case 'drained': {
        const { key, messages, emptied } = event;
        log('info', emptied ? 'drained; the key flows again' : 'drained', { stage, key, messages });
        count({ MessagesDrained: messages });
        break;
      }
      case 'drain failed': {
        const { key, messageId, why, nextAttemptAt } = event;
        const reason = wordsOf(why, event.reason);
        const next = new Date(nextAttemptAt).toISOString();
        log('warn', 'a parked message failed again', { stage, key, messageId, why, reason, next });
        count({ DrainFailures: 1 });
        break;
      }
      case 'drain stopped':
        log('warn', 'a drain worker ended early', {
          stage,
          shard: event.shard,
          error: describeError(event.error),
        });
        count({ Faults: 1 });
        break;
      case 'tried': {
        const { key, messageId, outcome, gotThrough } = event;
        const reason = event.reason === undefined ? undefined : wordsOf(outcome, event.reason);
        log('info', gotThrough ? 'a trial got through' : 'a trial did not get through', {
          stage,
          key,
          messageId,
          outcome,
          reason,
        });
        count({ Trials: 1 });
        break;
      }
      case 'trial stopped':
        log('warn', 'a trial ended early', { stage, error: describeError(event.error) });
        count({ Faults: 1 });
        break;
      case 'setback':
        log('warn', `could not ${STEPS[event.step]}`, { stage, error: describeError(event.error) });
        break;
    }
  };
