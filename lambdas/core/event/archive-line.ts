/** Lines of the archive: how an event becomes one, and how one is read. Pure. `contract/archive.ts` has their names. */
import { WISHES, type AcceptedWishes, type ArchiveLine } from '../../../contract/archive.ts';
import { parse, stringify } from '../base/exact-json.ts';
import { byteLength } from '../base/text.ts';
import { isJsonObject, type Json, type JsonObject, type SluiceEvent } from './event.ts';

/** Bytes. A message has room for this beside an event of the largest size (`limits.ts`). */
const MAX_WISHES = 8 * 1024;

const consentOf = (event: SluiceEvent): Json | undefined => {
  const context = event['context'];
  return isJsonObject(context) ? context['consentManagement'] : undefined;
};

/**
 * An event as the archive's queue gets it: with what its sender and its user had said of who may get it, if the transform has changed that,
 * and with what its source's tracking plan says of it. A replay judges by all of it, as the router does.
 * @param only the only destinations that the plan sends it to
 */
export const withWishes = (
  accepted: SluiceEvent,
  output: SluiceEvent,
  only?: readonly string[],
): SluiceEvent => {
  const said = output === accepted ? {} : wishesOf(accepted);
  const now = wishesOf(output);
  const isSame = Object.entries(said).every(
    ([name, wish]) => stringify(wish) === stringify(now[name] ?? null),
  );
  if (isSame && only === undefined) return output;
  const wishes: JsonObject = { ...(isSame ? {} : said), ...(only === undefined ? {} : { only }) };
  const fit = byteLength(stringify(wishes)) <= MAX_WISHES;
  // Rather to nobody than to one who was refused.
  return { ...output, [WISHES]: fit ? wishes : { integrations: { All: false } } };
};

const wishesOf = (event: SluiceEvent): JsonObject => {
  const [integrations, consentManagement] = [event['integrations'], consentOf(event)];
  return {
    ...(integrations === undefined ? {} : { integrations }),
    ...(consentManagement === undefined ? {} : { consentManagement }),
  };
};

export interface Archived {
  readonly key: string;
  readonly sequence: string;
  readonly place: number;
  readonly source: string;
  readonly receivedAt: string;
  /** As the archive's queue got it. */
  readonly content: SluiceEvent;
}

export const toLine = (
  { key, sequence, place, source, receivedAt, content }: Archived,
  archivedAt: number,
): string => {
  const { [WISHES]: accepted, ...event } = content;
  const { messageId, type } = content;
  const line = {
    v: 1,
    key,
    sequence,
    place,
    source,
    receivedAt,
    archivedAt,
    messageId,
    ...(typeof type === 'string' ? { type } : {}),
    event,
    ...(isJsonObject(accepted) ? { accepted } : {}),
  } satisfies ArchiveLine;
  return stringify(line);
};

export interface ReadLine extends Omit<ArchiveLine, 'event' | 'accepted'> {
  readonly event: SluiceEvent;
  /** The event with what it said when it was accepted: the same object where the transform has left that as it was. */
  readonly accepted: SluiceEvent;
  /** Ids of the only destinations that may get it. Undefined: all may. */
  readonly only: readonly string[] | undefined;
}

const isLine = (value: unknown): value is ArchiveLine & { readonly event: SluiceEvent } =>
  isJsonObject(value) &&
  value['v'] === 1 &&
  ['key', 'sequence', 'source', 'receivedAt', 'messageId'].every((name) => typeof value[name] === 'string') &&
  ['place', 'archivedAt'].every((name) => Number.isSafeInteger(value[name])) &&
  isJsonObject(value['event']) &&
  typeof value['event']['messageId'] === 'string';

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const asAccepted = (event: SluiceEvent, wishes: AcceptedWishes | undefined): SluiceEvent => {
  if (wishes === undefined) return event;
  const { integrations, consentManagement } = wishes;
  const context = isJsonObject(event['context']) ? event['context'] : {};
  return {
    ...event,
    ...(integrations === undefined ? {} : { integrations }),
    ...(consentManagement === undefined ? {} : { context: { ...context, consentManagement } }),
  } as SluiceEvent;
};

/** @returns undefined: it is none, or one of a later version */
export const readLine = (text: string): ReadLine | undefined => {
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    return undefined;
  }
  if (!isLine(value)) return undefined;
  const only = value.accepted?.only;
  return {
    ...value,
    accepted: asAccepted(value.event, value.accepted),
    only: isTexts(only) ? only : undefined,
  };
};

/** The field of `context` that says of which replay an event is. */
export const MARK = 'sluice';

/** The event as a replay sends it: its ids are the old ones, and `context.sluice.replay` names the replay. */
export const marked = (event: SluiceEvent, replay: string): SluiceEvent => {
  const context = isJsonObject(event['context']) ? event['context'] : {};
  const before = context[MARK];
  return { ...event, context: { ...context, [MARK]: { ...(isJsonObject(before) ? before : {}), replay } } };
};

/** @returns the id of the replay that the event is of; undefined: of none */
export const replayOf = (event: SluiceEvent): string | undefined => {
  const context = event['context'];
  const mark = isJsonObject(context) ? context[MARK] : undefined;
  const replay = isJsonObject(mark) ? mark['replay'] : undefined;
  return typeof replay === 'string' ? replay : undefined;
};
