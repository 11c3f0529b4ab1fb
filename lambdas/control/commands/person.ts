/** Whose events an operator means, by the ids of the events themselves. */
import * as v from 'valibot';
import type { Person } from '../../../contract/operator-views.ts';
import { parseEnvelope } from '../../core/event/envelope.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { isOf, withoutSubject } from '../../core/event/subject.ts';
import type { ParkedMessage } from '../../core/stage/parking-port.ts';
import * as fields from './fields.ts';

export const personFields = {
  source: v.exactOptional(fields.text('the id of a source')),
  userId: v.exactOptional(fields.text("the user's userId, as the source sent it")),
  anonymousId: v.exactOptional(fields.text("the user's anonymousId, as the source sent it")),
};

const subjectOf = ({ userId, anonymousId }: Person, sourceId: string) => ({ sourceId, userId, anonymousId });

const isFrom = ({ source }: Person, sourceId: string): boolean => source === undefined || source === sourceId;

/** How many events of a record are the person's. */
export const eventsInRecord = (record: Rejection, person: Person): number => {
  if (!isFrom(person, record.sourceId)) return 0;
  const left = withoutSubject(record, subjectOf(person, record.sourceId));
  return left.kind === 'all' ? 0 : left.erased;
};

/** How many events that wait in a parked message are the person's, and which source they are from; undefined: none. */
export const eventsInMessage = (
  message: ParkedMessage,
  person: Person,
): { readonly source: string; readonly events: number } | undefined => {
  const envelope = parseEnvelope(message.body);
  if (envelope === undefined || !isFrom(person, envelope.sourceId)) return undefined;
  const source = envelope.sourceId;
  const finished = message.attempt?.progress?.events ?? 0;
  const events =
    envelope.kind === 'events'
      ? envelope.events.slice(finished).filter((event) => isOf(event, subjectOf(person, source))).length
      : // What ingest rejected, on its way to the records.
        eventsInRecord({ id: message.id, stage: '', at: 0, ...envelope }, person);
  return events === 0 ? undefined : { source, events };
};
