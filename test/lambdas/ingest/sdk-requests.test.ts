/** What SDKs really send, version by version: recorded, or, where an SDK cannot run here, written after its source. */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { CORS_HEADERS } from '../../../contract/cors.ts';
import { ROOT } from '../../../local/common/settings.ts';
import { readFixtures, type FixtureRequest, type SentEvent } from '../../sdk/fixture.ts';
import { replay, variantsOf, withoutRepeats } from '../../sdk/replay.ts';
import { CALLS, titleOf, type Call } from '../../sdk/story.ts';
import { WRITE_KEY } from './fakes.ts';

const fixtures = readFixtures();
const variants = fixtures.flatMap(variantsOf);

/** Types of events for which an SDK has no call, or no call with the same meaning. */
const LACKS: Readonly<Record<string, readonly Call['type'][]>> = {
  '@rudderstack/analytics-js': ['screen'],
  'rudder-sdk-android': ['page'],
  'rudder-sdk-ios': ['page'],
  'rudder-sdk-kotlin': ['page'],
  'rudder-sdk-swift': ['page'],
  'segment-analytics-kotlin': ['page', 'alias'],
  'segment-analytics-swift': ['page', 'alias'],
};

/** Of `source` in the answer: what the SDK reads without a default, or will not begin without. */
const NEEDS: Readonly<Record<string, v.GenericSchema>> = {
  '@rudderstack/analytics-js': v.looseObject({
    id: v.string(),
    enabled: v.literal(true),
    config: v.looseObject({}),
    destinations: v.array(v.unknown()),
  }),
  'rudder-sdk-android': v.looseObject({ enabled: v.literal(true), destinations: v.array(v.unknown()) }),
  'rudder-sdk-ios': v.looseObject({ enabled: v.literal(true), destinations: v.array(v.unknown()) }),
  'rudder-sdk-kotlin': v.looseObject({
    id: v.string(),
    name: v.string(),
    writeKey: v.literal(WRITE_KEY),
    enabled: v.literal(true),
    workspaceId: v.string(),
    updatedAt: v.string(),
  }),
  'rudder-sdk-swift': v.looseObject({
    id: v.string(),
    name: v.string(),
    writeKey: v.literal(WRITE_KEY),
    enabled: v.literal(true),
    workspaceId: v.string(),
    updatedAt: v.string(),
    config: v.looseObject({
      statsCollection: v.looseObject({
        errors: v.looseObject({ enabled: v.boolean() }),
        metrics: v.looseObject({ enabled: v.boolean() }),
      }),
    }),
    destinations: v.array(v.unknown()),
  }),
};

const listOf = (text: string | undefined): string[] =>
  (text ?? '').split(',').map((name) => name.trim().toLowerCase());

/** The write key that Segment's SDK puts into an event is no part of it. */
const withoutKey = (event: SentEvent): object => ({ ...event, writeKey: undefined });

test('each SDK among the development dependencies has a fixture of its version: else run `npm run record`', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  // Segment's catalogue of destinations sends nothing to Sluice.
  const installed = Object.entries(devDependencies).filter(
    ([name]) => /^@(rudderstack|segment)\/|rudder/.test(name) && name !== '@segment/action-destinations',
  );
  expect(installed.length).toBeGreaterThan(0);
  const recorded = fixtures.filter(({ origin }) => origin === 'recorded');
  expect(recorded.map(({ sdk, version }) => [sdk, version])).toEqual(expect.arrayContaining(installed));
});

test('a fixture that was not recorded names the commit that it was read from', () => {
  for (const { origin } of fixtures)
    expect(origin).toMatch(/^(recorded|read from [\w-]+\/[\w-]+@[0-9a-f]{40})$/);
});

describe.each(variants)('$name', (variant) => {
  const { sdk, requests, events } = variant;

  test('every request is answered as its SDK wants it', async () => {
    const { replayed } = await replay(variant);
    for (const { request, answer } of replayed) {
      const { Origin: origin } = request.headers;
      if (origin !== undefined) {
        expect(answer.headers['Access-Control-Allow-Origin']).toBe(origin);
        expect(answer.headers['Access-Control-Allow-Credentials']).toBe('true');
      }
      switch (request.method) {
        case 'POST':
          expect(answer).toMatchObject({ statusCode: 200, body: 'ok', isBase64Encoded: false });
          break;
        case 'OPTIONS': {
          const asked = listOf(request.headers['Access-Control-Request-Headers']);
          expect(answer.statusCode).toBe(204);
          expect(listOf(answer.headers['Access-Control-Allow-Headers'])).toEqual(
            expect.arrayContaining(asked),
          );
          expect(listOf(answer.headers['Access-Control-Allow-Methods'])).toContain(
            request.headers['Access-Control-Request-Method']?.toLowerCase(),
          );
          break;
        }
        default: {
          expect(request.path).toMatch(/^\/sourceConfig\/?\?/);
          expect(answer.statusCode).toBe(200);
          const { source } = JSON.parse(answer.body) as { source: unknown };
          const needs = NEEDS[sdk];
          if (needs === undefined) throw new Error(`what does ${sdk} need of its configuration?`);
          expect(v.safeParse(needs, source)).toMatchObject({ success: true });
        }
      }
    }
  });

  test('the stored events are those that the SDK was called with, unchanged and in order', async () => {
    const { messages } = await replay(variant);
    const stored = messages.flatMap(({ envelope, group }) => {
      if (envelope.kind !== 'events') throw new Error(`rejected: ${envelope.reason}`);
      return envelope.events.map((event) => ({ ...event, group }));
    });
    const once = withoutRepeats(stored);
    for (const group of new Set(once.map((event) => event.group))) {
      const ids = once.filter((event) => event.group === group).map(({ messageId }) => messageId);
      expect(ids).toEqual(
        events.map(({ messageId }) => messageId).filter((messageId) => ids.includes(messageId)),
      );
    }
    expect(once).toHaveLength(events.length);
    for (const event of events) {
      const arrived = once.find(({ messageId }) => messageId === event.messageId);
      expect({ ...arrived, writeKey: undefined }).toMatchObject(withoutKey(event));
    }
    const recorded = new Set(requests.map(({ step }) => step));
    for (const step of ['anonymous', 'identify', 'known', 'several at once'])
      expect(recorded).toContain(step);
    const titles = Object.entries(CALLS)
      .filter(([step]) => recorded.has(step as FixtureRequest['step']))
      .flatMap(([, calls]) => calls)
      .filter(({ type }) => LACKS[sdk]?.includes(type) !== true)
      .map(({ type, message }) => titleOf({ type, ...message }));
    expect(once.map(titleOf).sort()).toEqual(titles.sort());
    // Here even what was refused at first is taken, so that its retry is a repetition: it is known by its content.
    expect(stored.filter((event) => !once.includes(event)).map(titleOf)).toEqual([]);
    // A key in the body is no part of an event.
    for (const event of stored) expect(event).not.toHaveProperty('writeKey');
  });

  test('a device, or on a server a person, has one order key, whatever the AnonymousId header says', async () => {
    const messagesOf = async (change?: (headers: FixtureRequest['headers']) => FixtureRequest['headers']) => {
      const { messages } = await replay(variant, (request) =>
        change === undefined ? request : { ...request, headers: change(request.headers) },
      );
      return messages;
    };
    const messages = await messagesOf();
    // Segment's SDK for Node leaves the anonymous id out of an alias: its key is the user id, and it is ordered by that.
    const isApart = ({ envelope }: (typeof messages)[number]) =>
      sdk === '@segment/analytics-node' &&
      envelope.kind === 'events' &&
      envelope.events.every(({ type }) => type === 'alias');
    const keys = new Set(messages.filter((message) => !isApart(message)).map(({ group }) => group));
    // Its events have `channel: "server"`: those that name a user are ordered by the user, the others by the anonymous id.
    expect(keys.size).toBe(sdk === '@rudderstack/rudder-sdk-node' ? 2 : 1);

    const groups = messages.map(({ group }) => group);
    const groupsOf = async (change: (headers: FixtureRequest['headers']) => FixtureRequest['headers']) =>
      (await messagesOf(change)).map(({ group }) => group);
    const id = String(events[0]?.['anonymousId']);
    const headerless = (headers: FixtureRequest['headers']) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'anonymousid'));
    expect(await groupsOf(headerless)).toEqual(groups);
    for (const said of [id, btoa(id), btoa(`${id}:`), 'another user']) {
      expect(await groupsOf((headers) => ({ ...headerless(headers), AnonymousId: said }))).toEqual(groups);
    }
  });
});

test('no SDK asks for a header that the answers of API Gateway itself do not allow', () => {
  const asked = variants.flatMap(({ requests }) =>
    requests.flatMap(({ headers }) => listOf(headers['Access-Control-Request-Headers'])),
  );
  const allowed: readonly string[] = CORS_HEADERS.map((name) => name.toLowerCase());
  expect(asked).toContain('rsa-recovered');
  expect(allowed).toEqual(expect.arrayContaining(asked.filter((name) => name !== '')));
});
