/**
 * `find`: where events of a person are kept, in all stages: parked, rejected or discarded. It goes by the ids of each event, as `erase`
 * does, because a key may be that of a device whose id nobody knows. Page by page; it changes nothing.
 */
import * as v from 'valibot';
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { FoundKey, FoundRecord, Person } from '../../../contract/operator-views.ts';
import { INGEST } from '../../../contract/tables.ts';
import { CALL_MARGIN } from '../../core/base/limits.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { keysOf } from '../../core/event/subject.ts';
import type { HeadSummary } from '../../core/stage/parking-port.ts';
import type { ControlDeps } from '../ports.ts';
import { done, refuse, stagesWithRecords } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import * as fields from './fields.ts';
import { placesOf, walkKept, type KeptVisitor } from './kept-walk.ts';
import { countMessages, describeKey } from './parked.ts';
import { eventsInMessage, eventsInRecord, personFields } from './person.ts';
import { viewRecord } from './rejected.ts';

/** Messages that are read at the same time; each has up to 256 KB. */
const STEP = 10;
/** Milliseconds for a step: a read, and what is read about a key that was found. */
const MARGIN = 4 * CALL_MARGIN;
/** Keys and records of an answer: each has an error's stack, or a destination's answer, and Lambda's limit is 6 MB. */
const MAX_FOUND = 200;

class Finder implements KeptVisitor {
  readonly parked: FoundKey[] = [];
  readonly rejected: FoundRecord[] = [];
  readonly #deps: ControlDeps;
  readonly #person: Person;

  constructor(deps: ControlDeps, person: Person) {
    this.#deps = deps;
    this.#person = person;
  }

  readonly key = async (
    stage: string,
    head: HeadSummary,
    first: string | undefined,
  ): Promise<string | undefined> => {
    const { parking } = this.#deps;
    const found = { source: '', events: 0, oldestAcceptedAt: Infinity };
    let after = first;
    let isLast = false;
    do {
      const messages = await parking.oldest(stage, head.key, STEP, after);
      for (const message of messages) {
        const hers = eventsInMessage(message, this.#person);
        if (hers === undefined) continue;
        found.source = hers.source;
        found.events += hers.events;
        found.oldestAcceptedAt = Math.min(found.oldestAcceptedAt, message.sentAt);
      }
      isLast = messages.length < STEP;
      if (!isLast) after = messages.at(-1)?.sort;
    } while (!isLast && this.hasTime());
    if (found.events > 0) {
      const [oldest] = await parking.oldest(stage, head.key, 1);
      const count = await countMessages(this.#deps, stage, head.key);
      this.parked.push({ ...describeKey(stage, head, count, oldest), ...found });
    }
    return isLast ? undefined : after;
  };

  readonly record = async (record: Rejection): Promise<void> => {
    await Promise.resolve();
    const events = eventsInRecord(record, this.#person);
    if (events > 0) this.rejected.push({ ...viewRecord(record, false), events });
  };

  readonly hasTime = (): boolean =>
    this.#deps.timeLeft() >= MARGIN && this.parked.length + this.rejected.length < MAX_FOUND;
}

const run = async (deps: ControlDeps, request: Requests['find']): Promise<ControlAnswer<'find'>> => {
  const { source, userId, anonymousId, stage, kept, cursor } = request;
  const sources = [...deps.orderByOf.keys()];
  const keysIn = (sourceId: string) => keysOf({ sourceId, userId, anonymousId });
  if (keysIn('').length === 0) return refuse('userId: give the userId or the anonymousId of the user');
  const stages = await stagesWithRecords(deps, stage, [INGEST]);
  if (!stages.ok) return stages;
  const places = placesOf(
    kept === 'rejected' ? [] : stages.value.filter((id) => id !== INGEST),
    kept === 'parked' ? [] : stages.value,
  );
  const finder = new Finder(deps, {
    ...(source === undefined ? {} : { source }),
    ...(userId === undefined ? {} : { userId }),
    ...(anonymousId === undefined ? {} : { anonymousId }),
  });
  const next = await walkKept(deps, places, finder, cursor);
  const { parked, rejected } = finder;
  return done<'find'>({
    parked,
    rejected,
    keys: (source === undefined ? sources : [source]).flatMap((id) =>
      keysIn(id).map((key) => ({ source: id, key })),
    ),
    sources,
    ...(next === undefined ? {} : { cursor: next }),
  });
};

export const find: Command<'find'> = {
  schema: requestSchema('find', {
    ...personFields,
    stage: v.exactOptional(fields.stage),
    kept: v.exactOptional(v.picklist(['parked', 'rejected'], 'expected "parked" or "rejected"')),
    cursor: fields.page.cursor,
  }),
  run,
};
