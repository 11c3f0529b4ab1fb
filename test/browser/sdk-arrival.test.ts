/** SDKs for browsers, unmodified from npm, on pages of another site: every event arrives, and no other host gets a request. */
import { beforeAll, expect, it } from '@jest/globals';
import { CLEAN } from '../../tools/driver/audit.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import type { RudderStackSettings } from './sdk-page-rudderstack.ts';
import { Setup, WRITE_KEY, type Visitor } from './sdk-setup.ts';

let setup: Setup;
beforeAll(async () => {
  setup = await Setup.start({});
}, 2 * DEADLINE_MS);

/** The hosts to which a page has sent requests, without its own site. */
const othersOf = ({ requests, page }: Visitor): readonly string[] => {
  const own = new URL(page.url()).origin;
  return [...new Set(requests.map((request) => new URL(request.url()).origin))].filter((one) => one !== own);
};

it(
  'RudderStack: an anonymous visitor who is identified stays one order key, and all kinds of events arrive in order',
  async () => {
    const visitor = await setup.visit('ada', 'rudderstack', {
      writeKey: WRITE_KEY,
      dataPlaneUrl: setup.dataPlaneUrl,
      inlineConfig: false,
      options: { queueOptions: { batch: { enabled: true, flushInterval: 1_000 } } },
    } satisfies RudderStackSettings);
    await visitor.untilReady();
    await visitor.page.evaluate(() => {
      window.rudder.page('Home');
      window.rudder.track('Looked');
      window.rudder.identify('ada', { plan: 'free' });
      window.rudder.track('Signed up');
      window.rudder.group('acme', { name: 'Acme' });
      window.rudder.alias('ada', 'countess');
    });
    const events = await until('the events', () => setup.requestsOf('ada')[0], {
      context: () =>
        [
          ...visitor.complaints,
          ...visitor.requests.map((one) => `${one.url()} ${one.response()?.status() ?? 'no answer'}`),
          setup.run.output.slice(-4_000),
        ].join('\n'),
    });
    // Each request to the destination has events of only one order key.
    expect(events.map(({ type, event, userId }) => [type, event ?? '', userId])).toEqual([
      ['page', '', ''],
      ['track', 'Looked', ''],
      ['identify', '', 'ada'],
      ['track', 'Signed up', 'ada'],
      ['group', '', 'ada'],
      ['alias', '', 'ada'],
    ]);
    expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
    expect(othersOf(visitor)).toEqual([setup.dataPlaneUrl]);
    const paths = visitor.requests.map((request) => `${request.method()} ${new URL(request.url()).pathname}`);
    expect(paths).toContain('GET /sourceConfig/');
    expect(visitor.complaints).toEqual([]);
  },
  3 * DEADLINE_MS,
);

it(
  'RudderStack, beacons: the events arrive, including those sent while the page is being left',
  async () => {
    const visitor = await setup.visitRudderStack('bea', {
      options: { useBeacon: true, beaconQueueOptions: { maxItems: 6 } },
    });
    await visitor.track(5);
    expect(await setup.untilArrived('bea', 5)).toEqual(CLEAN);
    await visitor.track(2, 5);
    await visitor.page.goto('about:blank');
    expect(await setup.untilArrived('bea', 7)).toEqual(CLEAN);
    const posts = visitor.requests.filter((request) => request.method() === 'POST');
    expect(posts.length).toBeGreaterThan(0);
    for (const post of posts) expect(new URL(post.url()).pathname).toBe('/beacon/v1/batch');
    expect(visitor.complaints).toEqual([]);
  },
  3 * DEADLINE_MS,
);

it(
  'RudderStack, in a service worker: the events arrive',
  async () => {
    const visitor = await setup.visitWorker('page-of-wim');
    await visitor.untilReady();
    const outcomes = await visitor.page.evaluate(() =>
      window.order({ client: 'default', user: 'wim', events: 20 }),
    );
    expect(new Set(outcomes)).toEqual(new Set(['']));
    // Its first event is sent alone, in parallel to the others.
    expect(await setup.untilArrived('wim', 20)).toMatchObject({ unknown: [], duplicates: [], renamed: [] });
    expect(visitor.complaints).toEqual([]);
  },
  3 * DEADLINE_MS,
);

it(
  'Segment: all kinds of events arrive',
  async () => {
    const visitor = await setup.visitSegment('sam');
    // Each waits until the previous one was accepted.
    await visitor.page.evaluate(async () => {
      await window.segment.page('Home');
      await window.segment.track('Signed up');
      await window.segment.group('acme');
      await window.segment.alias('sam', 'visitor-7');
    });
    const events = () => setup.requestsOf('sam').flat();
    await until('the events', () => events().length >= 5);
    expect(events().map(({ type }) => type)).toEqual(['identify', 'page', 'track', 'group', 'alias']);
    expect(new Set(events().map(({ anonymousId }) => anonymousId)).size).toBe(1);
    expect(othersOf(visitor)).toEqual([setup.dataPlaneUrl]);
    expect(visitor.complaints).toEqual([]);
  },
  3 * DEADLINE_MS,
);
