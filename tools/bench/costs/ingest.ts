/** What ingest's own work on an event costs: from a request's text to the messages for SQS, without HTTP, gzip and SQS. */
import { parse } from '../../../lambdas/core/base/exact-json.ts';
import type { JsonObject } from '../../../lambdas/core/event/event.ts';
import { planRequest } from '../../../lambdas/core/ingest/plan.ts';
import { salvageBatch } from '../../../lambdas/ingest/salvage.ts';
import { trackEvent } from '../event.ts';
import type { Way } from './measure.ts';

const EVENTS = 20;

const bodyOf = (more: string): string => {
  const events = Array.from({ length: EVENTS }, (_, i) => JSON.stringify(trackEvent(`bench-${i}`, i)));
  return `{"batch":[${events.map((event) => `${event.slice(0, -1)}${more}}`).join(',')}]}`;
};

const eventsOf = (read: (text: string) => unknown, text: string): readonly JsonObject[] =>
  (read(text) as { readonly batch: readonly JsonObject[] }).batch;

const plan = (events: readonly unknown[], orderBy: 'anonymousId' | 'userId' | 'auto'): void => {
  const arrival = {
    sourceId: 'web',
    orderBy,
    receivedAt: 0,
    requestIp: '203.0.113.7',
    newId: () => 'new',
  };
  if (planRequest(events, arrival).kind !== 'send')
    throw new Error('the benchmark sends what ingest refuses');
};

const ordinary = bodyOf('');
const exact = bodyOf(',"big":9223372036854775807,"price":1.0,"zero":-0');
// Without the last bracket: the batch is cut off, and all its events are complete.
const cutOff = ordinary.slice(0, -2);

export const INGEST_WAYS: readonly Way[] = [
  {
    name: 'numbers as JSON.parse makes them',
    events: EVENTS,
    work: () => plan(eventsOf(JSON.parse, ordinary), 'auto'),
  },
  {
    name: 'numbers as sent, ordinary events',
    events: EVENTS,
    work: () => plan(eventsOf(parse, ordinary), 'auto'),
  },
  {
    name: 'the same, in order of userId',
    events: EVENTS,
    work: () => plan(eventsOf(parse, ordinary), 'userId'),
  },
  {
    name: 'the same, in order of anonymousId',
    events: EVENTS,
    work: () => plan(eventsOf(parse, ordinary), 'anonymousId'),
  },
  {
    name: 'numbers as sent, three in each event',
    events: EVENTS,
    work: () => plan(eventsOf(parse, exact), 'auto'),
  },
  {
    name: 'a batch that is cut off, read event by event',
    events: EVENTS,
    work: () => plan(salvageBatch(cutOff) ?? [], 'auto'),
  },
];
