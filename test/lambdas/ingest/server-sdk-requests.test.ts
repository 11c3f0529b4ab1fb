/** What the SDKs for servers really send: recorded by `npm run record:servers`. */
import { describe, expect, test } from '@jest/globals';
import { eventsIn, readFixtures, SERVERS } from '../../sdk/fixture.ts';
import { replay, variantsOf, withoutRepeats } from '../../sdk/replay.ts';
import { CALLS, titleOf } from '../../sdk/story.ts';

const fixtures = readFixtures(SERVERS);

/** They parse the answer of a 200. */
const PARSES = ['segment-analytics-java', 'segment-analytics-ruby'];

test('both vendors’ SDKs for each language are here', () => {
  const languages = ['python', 'java', 'go', 'ruby'];
  const wanted = languages.flatMap((language) => [`rudder-sdk-${language}`, `segment-analytics-${language}`]);
  expect([...new Set(fixtures.map(({ sdk }) => sdk))].sort()).toEqual(wanted.sort());
});

describe.each(fixtures.flatMap(variantsOf))('$name', (variant) => {
  const { sdk, events, requests } = variant;

  test('every answer is one that it takes for success', async () => {
    const { replayed } = await replay(variant);
    expect(replayed.length).toBe(requests.length);
    for (const { request, answer } of replayed) {
      expect([request.method, answer.statusCode]).toEqual(['POST', 200]);
      if (PARSES.includes(sdk)) expect(JSON.parse(answer.body)).toEqual({ success: true });
      else if (sdk !== 'rudder-sdk-java') expect(answer.body).toBe('ok');
    }
  });

  test('every event of the story is stored, once, as it was sent', async () => {
    const { messages } = await replay(variant);
    const stored = messages.flatMap(({ envelope }) => {
      if (envelope.kind !== 'events') throw new Error(`rejected: ${envelope.reason}`);
      return [...envelope.events];
    });
    // Here even what was refused at first is taken: its retry is a repetition, and known by its content.
    expect(stored).toHaveLength(events.length);
    for (const event of events) {
      const arrived = stored.find(({ messageId }) => messageId === event.messageId);
      expect(arrived).toMatchObject(event);
    }
    const told = Object.values(CALLS)
      .slice(0, -1)
      .flat()
      .map(({ type, message }) => titleOf({ type, ...message }));
    expect(withoutRepeats(events).map(titleOf).sort()).toEqual(told.sort());
  });

  test('events of one person and one device share an order key, and keep their order', async () => {
    const { messages } = await replay(variant);
    const stored = messages.flatMap(({ envelope, group }) =>
      envelope.kind === 'events' ? envelope.events.map((event) => ({ event, group })) : [],
    );
    const known = stored.filter(
      ({ event }) => typeof event['userId'] === 'string' && typeof event['anonymousId'] === 'string',
    );
    expect(known.length).toBeGreaterThan(4);
    expect(new Set(known.map(({ group }) => group)).size).toBe(1);
    const sent = requests.flatMap(eventsIn).map(({ messageId }) => messageId);
    const ids = known.map(({ event }) => event.messageId);
    expect(ids).toEqual([...new Set(sent)].filter((id) => ids.includes(id)));
  });
});
