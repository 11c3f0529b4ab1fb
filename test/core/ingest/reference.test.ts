/** Ingest's messages, byte for byte, against rules that are written down without regard to speed. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from '../../../lambdas/core/base/exact-json.ts';
import type { OrderBy } from '../../../contract/settings.ts';
import type { Arrival } from '../../../lambdas/core/ingest/admit.ts';
import { planRequest } from '../../../lambdas/core/ingest/plan.ts';
import { referenceLanes } from './reference.ts';

const RECEIVED_AT = Date.parse('2026-01-02T03:04:05.678Z');

const arrivalOf = (more: Partial<Arrival> = {}): Arrival => {
  let ids = 0;
  return {
    sourceId: 'web',
    orderBy: 'auto',
    receivedAt: RECEIVED_AT,
    requestIp: '203.0.113.7',
    newId: () => `new-${ids++}`,
    ...more,
  };
};

/** @param body a list of events, as JSON */
const check = (body: string, more: Partial<Arrival> = {}): void => {
  const events = parse(body) as readonly unknown[];
  const expected = referenceLanes(events, arrivalOf(more));
  const plan = planRequest(events, arrivalOf(more));
  const lanes = plan.kind === 'send' ? plan.lanes : [];
  expect(lanes.filter((lane) => !lane[0]?.groupId.startsWith('rejected#'))).toEqual(expected);
  // Nothing of the request was changed on the way.
  expect(planRequest(parse(body) as readonly unknown[], arrivalOf(more))).toEqual(plan);
};

/** The JSON of fields: a name may come twice, and numbers have any digits. */
type Field = readonly [name: string, json: string];
const objectOf = (fields: readonly Field[]): string =>
  `{${fields.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;

const texts = (...values: readonly unknown[]) =>
  fc.constantFrom(...values.map((value) => JSON.stringify(value)));

const ids = fc.oneof(
  { weight: 5, arbitrary: texts('ada', 'bob', 'ada@example.com', '5c6b8f0e-9d3a-4c1e-8f7a-000000000001') },
  texts(' ada ', 'ad\u200Ba', '\u2800', '', 'Zoë', '名前', '\uD83D\uDE00', '\uD800', '\u0001', '\uFFFE'),
  fc.constantFrom('7', '9007199254740993', '1.0', '-0', '1e400', 'true', 'null', '{"b":1,"a":[2]}', '[]'),
);
const times = fc.oneof(
  { weight: 3, arbitrary: texts('2026-01-02T03:04:00.000Z', '2026-01-02T03:04:05Z', '2026-01-02') },
  texts(
    '0001-01-01T00:00:00Z',
    '1969-12-31',
    'yesterday',
    '5',
    '9999-01-01',
    '',
    '1767323045',
    '1767323045678',
  ),
  fc.constantFrom('1767323045', '1767323045678', '1767323045678.0', 'null', '12', '{}', '[]', 'true'),
);
const anything = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom('9223372036854775807', '1.0', '-0', '1E-7', '19.99', '{"sentAt":"x","_metadata":{"a":1}}'),
  texts('"sentAt":"2026-01-02T03:04:00.000Z"', '\uFFFF\uFFFE', '\\"sentAt\\":1', '#0', 'Zoë\uD800'),
);
const field: fc.Arbitrary<Field> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('userId', 'anonymousId'), ids) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom('sentAt', 'originalTimestamp', 'timestamp'), times),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant('messageId'), fc.oneof(ids, texts('m1', 'm2'))) },
  fc.tuple(fc.constantFrom('type', 'channel'), texts('track', 'server', 'mobile', 5)),
  fc.tuple(fc.constantFrom('rudderId', 'receivedAt', 'request_ip'), fc.oneof(times, ids)),
  fc.tuple(fc.constant('_metadata'), anything),
  fc.tuple(
    fc.oneof(
      fc.constantFrom('properties', 'context', '__proto__', 'toJSON', 'constructor', '1', '"', 'é'),
      fc.string(),
    ),
    anything,
  ),
);
const event = fc.oneof(
  { weight: 12, arbitrary: fc.array(field, { maxLength: 9 }).map(objectOf) },
  fc.constantFrom('5', 'null', '[]', '"x"', '{}'),
);
const settings = fc.record(
  {
    type: fc.constantFrom('track', 'page'),
    orderBy: fc.constantFrom<OrderBy>('auto', 'userId', 'anonymousId'),
    sourceId: fc.constantFrom('web', 'app-2'),
    requestIp: fc.constantFrom('203.0.113.7', '2001:db8::1', ''),
  },
  { requiredKeys: [] },
);

describe('the messages of a request are those of the rules', () => {
  test('whatever events it has', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), settings, (events, more) =>
        check(`[${events.join(',')}]`, more),
      ),
      { numRuns: 3_000 },
    );
  });

  test('whatever the sizes of its events', () => {
    const pad = fc.constantFrom('x', 'é', '€', '\uFFFE', '"', '\u0001');
    const size = fc.oneof(fc.nat(100), fc.nat(50_000), fc.integer({ min: 245_000, max: 246_000 }));
    const padded = fc.tuple(pad, size).map(([character, bytes]) => {
      const each =
        JSON.stringify(character).length === 8 ? 6 : Buffer.byteLength(JSON.stringify(character)) - 2;
      const text = character.repeat(Math.floor(bytes / each));
      return JSON.stringify({ userId: 'ada', messageId: 'm', pad: text });
    });
    fc.assert(
      fc.property(fc.array(padded, { minLength: 1, maxLength: 6 }), (events) =>
        check(`[${events.join(',')}]`),
      ),
      { numRuns: 100 },
    );
  });

  test('of a person on a device and on a server, in one request', () => {
    const one = (channel: string) =>
      `{"userId":"ada","anonymousId":"a1","messageId":"m","channel":"${channel}"}`;
    check(`[${['web', 'server', 'web', 'server'].map(one).join(',')}]`);
  });

  test('whenever its events happened', () => {
    const time = fc.oneof(
      fc.integer({ min: RECEIVED_AT - 150_000, max: RECEIVED_AT }),
      fc.integer({ min: 0, max: RECEIVED_AT }),
    );
    const sentAt = new Date(RECEIVED_AT - 1).toISOString();
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 10 }), (times) =>
        check(
          JSON.stringify(
            times.map((at) => ({
              userId: 'ada',
              messageId: 'm',
              originalTimestamp: new Date(at).toISOString(),
              sentAt,
            })),
          ),
        ),
      ),
    );
  });

  const fields = '"userId":"ada","messageId":"m"';
  test.each([
    ['a sentAt that stands first', `{"sentAt":"2026-01-02T03:04:00.000Z",${fields}}`],
    ['a sentAt that stands last', `{${fields},"sentAt":"2026-01-02T03:04:00.000Z"}`],
    ['a sentAt in the middle', `{"userId":"ada","sentAt":"2026-01-02T03:04:00.000Z","messageId":"m"}`],
    [
      'one further in, before it',
      `{"context":{"sentAt":"2026-01-02T03:04:00.000Z"},${fields},"sentAt":"2026-01-02T03:04:00.000Z"}`,
    ],
    [
      'one further in, behind it',
      `{"sentAt":"2026-01-02T03:04:00.000Z",${fields},"context":{"sentAt":"2026-01-02T03:04:00.000Z"}}`,
    ],
    ['one further in only', `{${fields},"context":{"sentAt":"2026-01-02T03:04:00.000Z"}}`],
    ['one in a text', `{${fields},"note":"\\"sentAt\\":\\"x\\"","sentAt":"2026-01-02T03:04:00.000Z"}`],
    [
      'a name that ends as it does, with its value, at the end',
      `{"sentAt":"2026-01-02T03:04:00.000Z",${fields},"x\\"sentAt":"2026-01-02T03:04:00.000Z"}`,
    ],
    ['a sentAt that is a number', `{${fields},"sentAt":1767323045678}`],
    ['a sentAt with escapes', `{${fields},"sentAt":"2026-01-02T03:04:00.000Z (\\u0022\\uD800\\uFFFE)"}`],
    ['Segment’s _metadata', `{${fields},"_metadata":{"retries":2},"sentAt":"2026-01-02T03:04:00.000Z"}`],
    ['a rudderId of its own', `{"rudderId":"mine",${fields}}`],
    ['stamps that are null', `{"receivedAt":null,"request_ip":null,"sentAt":null,${fields}}`],
    ['stamps of its own', `{"receivedAt":"then","request_ip":"there",${fields}}`],
    ['exact numbers', `{${fields},"n":[9007199254740993,1.0,-0,1e400],"sentAt":"2026-01-02T03:04:00.000Z"}`],
    ['129 levels', `{${fields},"deep":${'['.repeat(128)}${']'.repeat(128)}}`],
    ['128 levels', `{${fields},"deep":${'['.repeat(127)}${']'.repeat(127)}}`],
    ['many shallow lists', `{${fields},"wide":[${Array.from({ length: 300 }, () => '[]').join(',')}]}`],
  ])('%s', (_, one) => {
    check(`[${one}]`);
    check(`[${one},${one},{"userId":"bob","messageId":"m2"},${one}]`);
  });
});
