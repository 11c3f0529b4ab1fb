/** The router's archive: it gets what no destination gets, and with it what an event said of who may get it. */
import { expect, it } from '@jest/globals';
import { WISHES } from '../../../contract/archive.ts';
import type { OutgoingMessage } from '../../../lambdas/core/base/messages.ts';
import { parseEnvelope, toMessageBody, type EventsEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { fanOut, type Destination, type Tally } from '../../../lambdas/router/fan-out.ts';
import type { PlanVerdicts } from '../../../lambdas/router/planned.ts';
import { rulesOf } from '../../../lambdas/router/recipients.ts';
import { message } from '../../support/fakes.ts';

const envelope = (events: readonly SluiceEvent[]): EventsEnvelope => ({
  v: 1,
  kind: 'events',
  sourceId: 'web',
  receivedAt: '2026-01-01T00:00:00.000Z',
  events,
});

const run = async (
  events: readonly SluiceEvent[],
  made: readonly (readonly SluiceEvent[])[],
  isWhole: boolean,
  plan: PlanVerdicts = new Map(),
) => {
  const sent = new Map<string, OutgoingMessage[]>();
  const to = (id: string, more: Partial<Destination>): Destination => ({
    id,
    sources: undefined,
    send: (one) => {
      sent.set(id, [...(sent.get(id) ?? []), one]);
      return Promise.resolve();
    },
    ...more,
  });
  const all = envelope(events);
  const counted: Record<string, number> = {};
  const shown: Tally = { delivered: 0, filtered: 0, rejected: 0 };
  await fanOut(
    message('m1', 'k', { body: toMessageBody(all) }),
    all,
    events.map((event, place) => ({ event, place })),
    made,
    { first: 0, before: {}, isWhole, plan },
    {
      stage: 'router',
      destinations: [
        to('crm', { rules: rulesOf({ id: 'crm', filter: { type: 'track' } }, () => undefined) }),
        to('archive', { isArchive: true }),
      ],
      rejections: { save: () => Promise.reject(new Error('nothing is rejected')) },
      clock: () => 1,
      count: (metric, n) => (counted[metric] = n),
    },
    shown,
  );
  const eventsTo = (id: string): readonly SluiceEvent[] =>
    (sent.get(id) ?? []).flatMap(({ body }) => {
      const parsed = parseEnvelope(body);
      return parsed?.kind === 'events' ? parsed.events : [];
    });
  return { eventsTo, counted, shown };
};

const page = { messageId: 'e1', type: 'page' };
const track = { messageId: 'e2', type: 'track', integrations: { crm: false } };

it('gets what the rules of destinations withhold; such an event still counts as filtered out', async () => {
  const { eventsTo, counted, shown } = await run([page, track], [[page], [track]], true);
  expect(eventsTo('archive')).toEqual([page, track]);
  expect(eventsTo('crm')).toEqual([]);
  expect(counted).toEqual({ EventsFiltered: 2 });
  expect(shown).toEqual({ delivered: 0, filtered: 2, rejected: 0 });
});

it('gets what the transform has made, with what the event said before; a destination gets that alone', async () => {
  const output = { messageId: 'e2', type: 'track', name: 'other' };
  const plain = { messageId: 'e3', type: 'track' };
  const { eventsTo, counted } = await run([track, plain], [[output], [plain]], false);
  expect(eventsTo('archive')).toEqual([{ ...output, [WISHES]: { integrations: { crm: false } } }, plain]);
  expect(eventsTo('crm')).toEqual([plain]);
  expect(counted).toEqual({ EventsRouted: 1, EventsFiltered: 1 });
});

it('is told to which destinations alone a tracking plan sends an event', async () => {
  const marked = { ...track, integrations: {}, context: { violationErrors: [] } };
  const plan = new Map([[1, { onViolation: { only: ['lake'] }, marked, reason: 'no plan has it' }]]);
  const { eventsTo } = await run([page, track], [[page], [marked]], false, plan);
  expect(eventsTo('archive')).toEqual([
    page,
    { ...marked, [WISHES]: { integrations: { crm: false }, only: ['lake'] } },
  ]);
  expect(eventsTo('crm')).toEqual([]);
});
