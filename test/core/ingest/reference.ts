/**
 * What ingest makes of a request's events, written down rule by rule and without any regard to speed: what the fast code is held to, byte
 * for byte. Stored messages and SQS's deduplication depend on these bytes, so that a change here is a change for users.
 */
import { createHash } from 'node:crypto';
import { ExactNumber, stringify } from '../../../lambdas/core/base/exact-json.ts';
import { isJsonObject, type JsonObject } from '../../../lambdas/core/event/event.ts';
import type { OutgoingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Arrival } from '../../../lambdas/core/ingest/admit.ts';

const EVENT_LIMIT = 240 * 1024;
const MESSAGE_LIMIT = 256 * 1024;
const DEPTH_LIMIT = 128;
const TEN_YEARS = 10 * 365 * 86_400_000;

const INVISIBLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|[\u034F\u17B4\u17B5\u115F\u1160\u2800\u3164\uFFA0]/gu;
const visible = (text: string): string => text.replace(INVISIBLE, '').trim();

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
};

const idOf = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return visible(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  if (value instanceof ExactNumber) return value.text;
  return visible(stringify(sorted(value)));
};

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null && !(value instanceof ExactNumber)
    ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
    : 0;

const sizeOf = (text: string): number =>
  Buffer.byteLength(text.replace(/[\uFFFE\uFFFF]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`));

/** NaN: not a time that can be true. */
const timeOf = (value: unknown, receivedAt: number): number => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return NaN;
  let time = NaN;
  if (/^\d{10}$/.test(text)) time = Number(text) * 1000;
  else if (/^\d{13}$/.test(text)) time = Number(text);
  else if (typeof value === 'string' && /\d{4}/.test(text)) time = Date.parse(text);
  return time >= 0 && time <= receivedAt + TEN_YEARS ? time : NaN;
};

const timesOf = (event: JsonObject, receivedAt: number) => {
  const original = timeOf(event['originalTimestamp'], receivedAt);
  const sent = timeOf(event['sentAt'], receivedAt);
  const waited = Number.isNaN(original) ? 0 : (Number.isNaN(sent) ? receivedAt : sent) - original;
  const happened = receivedAt - waited;
  const isTrue = happened >= 0 && happened <= receivedAt + TEN_YEARS;
  const kept = (name: string, otherwise: number) =>
    Number.isNaN(timeOf(event[name], receivedAt)) ? new Date(otherwise).toISOString() : event[name];
  return {
    originalTimestamp: kept('originalTimestamp', receivedAt),
    sentAt: kept('sentAt', receivedAt),
    timestamp: kept('timestamp', isTrue ? happened : receivedAt),
  };
};

const rudderIdOf = (userId: string, anonymousId: string): string => {
  const digest = createHash('md5').update(`${userId}:${anonymousId}`).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x40;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [0, 8, 12, 16, 20].map((at, i, all) => hex.slice(at, all[i + 1] ?? 32)).join('-');
};

interface Stamped {
  readonly key: string;
  /** What SQS's deduplication covers. */
  readonly lasting: string;
  readonly text: string;
}

/** Undefined: the event is not taken. */
const stamp = (raw: unknown, arrival: Arrival): Stamped | undefined => {
  if (!isJsonObject(raw) || depthOf(raw) > DEPTH_LIMIT) return undefined;
  const [userId, anonymousId] = [idOf(raw['userId']), idOf(raw['anonymousId'])];
  if (userId === '' && anonymousId === '') return undefined;
  const given = typeof raw['messageId'] === 'string' ? visible(raw['messageId']) : '';
  const type = arrival.type === undefined ? {} : { type: arrival.type };
  const received: JsonObject = { ...raw, ...type, messageId: given === '' ? arrival.newId() : given };
  const stamped = {
    ...received,
    rudderId: rudderIdOf(userId, anonymousId),
    receivedAt: received['receivedAt'] ?? new Date(arrival.receivedAt).toISOString(),
    request_ip: received['request_ip'] ?? arrival.requestIp,
    ...timesOf(received, arrival.receivedAt),
  };
  const text = stringify(stamped);
  if (sizeOf(text) > EVENT_LIMIT) return undefined;
  const byUser = arrival.orderBy === 'auto' ? raw['channel'] === 'server' : arrival.orderBy === 'userId';
  const [first, second] = byUser ? [userId, anonymousId] : [anonymousId, userId];
  return {
    key: createHash('sha256')
      .update(`${arrival.sourceId}\0${first === '' ? second : first}`)
      .digest('base64url'),
    lasting: stringify({ ...received, sentAt: undefined, _metadata: undefined }),
    text,
  };
};

/** The messages of the events that are taken, in lanes. */
export const referenceLanes = (events: readonly unknown[], arrival: Arrival): OutgoingMessage[][] => {
  const receivedAt = new Date(arrival.receivedAt).toISOString();
  const body = (texts: readonly string[]): string =>
    `{"v":1,"kind":"events","sourceId":${JSON.stringify(arrival.sourceId)},"receivedAt":"${receivedAt}","events":[${texts.join(',')}]}`;
  const lanes = new Map<string, Stamped[][]>();
  for (const raw of events) {
    const stamped = stamp(raw, arrival);
    if (stamped === undefined) continue;
    const lane = lanes.get(stamped.key) ?? [];
    lanes.set(stamped.key, lane);
    const last = lane.at(-1);
    const withIt = [...(last ?? []), stamped].map(({ text }) => text);
    if (last !== undefined && sizeOf(body(withIt)) + 1 <= MESSAGE_LIMIT) last.push(stamped);
    else lane.push([stamped]);
  }
  return [...lanes].map(([groupId, parts]) =>
    parts.map((part, i) => ({
      groupId,
      deduplicationId: createHash('sha256')
        .update(JSON.stringify([arrival.sourceId, i, ...part.map(({ lasting }) => lasting)]))
        .digest('base64url'),
      body: body(part.map(({ text }) => text)).replace(
        /[\uFFFE\uFFFF]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16)}`,
      ),
    })),
  );
};
