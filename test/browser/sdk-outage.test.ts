/** Sluice, or a service that it depends on, is down for a while: SDKs keep their events in the browser, even through a reload. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT } from '../../local/common/settings.ts';
import { CLEAN } from '../../tools/driver/audit.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { Setup, type PageOptions, type Visitor } from './sdk-setup.ts';
import type { Order } from './sdk-worker.ts';

const EVENTS = 50;
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, seq) => seq);

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-sdk-outage-')));
const flag = join(dir, 'down');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let setup: Setup;
beforeAll(async () => {
  setup = await Setup.start(
    // A request that SQS does not accept is answered 503 soon, and a stage retries failed work soon.
    { timing: { ingestDeadline: '500ms', maxBackoff: '2s', refusalDelay: '2s' } },
    {
      env: { SLUICE_TEST_OUTAGE: flag },
      preload: [pathToFileURL(join(ROOT, 'test', 'support', 'aws-outage.mjs')).href],
    },
  );
}, 2 * DEADLINE_MS);

interface Outage {
  readonly outage: string;
  readonly id: string;
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
  /** The status that requests get; undefined: no answer. */
  readonly status: number | undefined;
  /** The service workers' clients that lose no event in it. */
  readonly clients: readonly Order['client'][];
}

const STOPPED: Outage = {
  outage: 'Sluice is stopped',
  id: 'stopped',
  begin: () => setup.run.stop(),
  end: () => setup.run.start(),
  status: undefined,
  clients: ['persistent'],
};

const OUTAGES: readonly Outage[] = [
  STOPPED,
  {
    outage: 'SQS does not answer',
    id: 'sqs',
    begin: () => writeFile(flag, 'sqs'),
    end: () => rm(flag),
    status: 503,
    // It gives up after three retries, whose times follow `Retry-After`.
    clients: ['default', 'persistent'],
  },
];

interface KeepingPage extends PageOptions {
  readonly events: number;
  /** All of them are in one batch: the SDK sends batches, or single events, in parallel. */
  readonly isOrdered: boolean;
}

const batching = { queueOptions: { batch: { enabled: true } } };

/** Pages with RudderStack's SDK that were visited before. */
const PAGES: Readonly<Record<string, KeepingPage>> = {
  plain: { events: EVENTS, isOrdered: false },
  batching: { options: batching, events: EVENTS, isOrdered: true },
  // It gets its configuration from Sluice, and during the outage from the browser's cache.
  asking: { options: batching, inlineConfig: false, events: EVENTS, isOrdered: true },
  // It keeps up to 100 batches, not 100 events.
  busy: { options: batching, events: 150, isOrdered: false },
};

/** The expected console messages during an outage: failed requests. While Sluice starts, preflights fail, too. */
const EXPECTED =
  /^error: (Failed to load resource: |Access to .* blocked by CORS policy: Response to preflight)/;

const untilForgotten = (visitor: Visitor): Promise<boolean> =>
  until(`${visitor.user} to have nothing stored`, async () => (await visitor.stored()).length === 0);

/** @returns the result for each of a service worker's events, once it is known */
const order = (worker: Visitor, client: Order['client'], user: string): Promise<readonly string[]> =>
  worker.page.evaluate((given) => window.order(given), { client, user, events: EVENTS });

describe.each(OUTAGES)('$outage', ({ id, begin, end, status, clients }) => {
  const kept: { readonly visitor: Visitor; readonly page: KeepingPage }[] = [];
  const orders: { readonly user: string; readonly outcomes: Promise<readonly string[]> }[] = [];
  let segment: Visitor;
  afterAll(() => setup.farewell());

  it(
    'a page’s events are kept in the browser, and are still there after a reload',
    async () => {
      for (const [name, page] of Object.entries(PAGES)) {
        kept.push({ visitor: await setup.visitRudderStack(`${name}-${id}`, page), page });
      }
      segment = await setup.visitSegment(`segment-${id}`);
      const worker = await setup.visitWorker(`worker-${id}`);
      const reloaded = [...kept.map(({ visitor }) => visitor), segment];
      for (const visitor of [...reloaded, worker]) await visitor.untilReady();
      await begin();

      for (const { visitor, page } of kept) {
        await visitor.track(page.events);
        expect(await visitor.stored()).toEqual(upTo(page.events));
      }
      await segment.track(EVENTS);
      for (const client of clients) {
        const user = `${client}-${id}`;
        orders.push({ user, outcomes: order(worker, client, user) });
      }
      for (const visitor of reloaded) {
        await visitor.page.reload();
        await visitor.untilReady();
      }
      for (const { visitor, page } of kept) expect(await visitor.stored()).toEqual(upTo(page.events));
    },
    2 * DEADLINE_MS,
  );

  it(
    'all of them arrive after the outage, in order if they were one batch',
    async () => {
      // The reloaded pages have taken over the stored events, and failed to send them.
      for (const { visitor } of kept) {
        await until(`${visitor.user} to try again`, () =>
          visitor.failed(status).some((request) => 'rsa-recovered' in request.headers()),
        );
      }
      await end();
      for (const { visitor, page } of kept) {
        const found = await setup.untilArrived(visitor.user, page.events);
        // At least once: events in flight while a page is left are sent again.
        expect({ ...found, duplicates: [], orderViolations: [] }).toEqual(CLEAN);
        if (page.isOrdered) expect(found.orderViolations).toEqual([]);
        await untilForgotten(visitor);
      }
      expect(await setup.untilArrived(segment.user, EVENTS)).toMatchObject({ unknown: [], renamed: [] });
      for (const { complaints } of [...kept.map(({ visitor }) => visitor), segment]) {
        expect(complaints.filter((one) => !EXPECTED.test(one))).toEqual([]);
      }
    },
    4 * DEADLINE_MS,
  );

  it(
    `a service worker’s events arrive as well (${clients.join(', ')})`,
    async () => {
      for (const { user, outcomes } of orders) {
        expect(new Set(await outcomes)).toEqual(new Set(['']));
        const found = await setup.untilArrived(user, EVENTS);
        expect({ ...found, duplicates: [], orderViolations: [] }).toEqual(CLEAN);
        if (user.startsWith('persistent')) expect(found.orderViolations).toEqual([]);
      }
    },
    4 * DEADLINE_MS,
  );
});

describe('events that are lost even in a short stop', () => {
  const { begin, end } = STOPPED;
  const hasty = { minRetryDelay: 20, maxRetryDelay: 100 };
  let beacon: Visitor, full: Visitor, faint: Visitor, stubborn: Visitor, newcomer: Visitor;
  let outcomes: readonly string[];

  beforeAll(async () => {
    beacon = await setup.visitRudderStack('beacon', {
      options: { useBeacon: true, beaconQueueOptions: { maxItems: 1 } },
    });
    full = await setup.visitRudderStack('full');
    faint = await setup.visitRudderStack('faint', { options: { queueOptions: hasty } });
    stubborn = await setup.visitRudderStack('stubborn', {
      options: { queueOptions: { ...hasty, maxAttempts: 1_000_000 } },
    });
    const worker = await setup.visitWorker('worker');
    for (const visitor of [beacon, full, faint, stubborn, worker]) await visitor.untilReady();
    await begin();
    await beacon.track(EVENTS);
    await full.track(150);
    await faint.track(EVENTS);
    await stubborn.track(EVENTS);
    newcomer = await setup.visitRudderStack('newcomer', { inlineConfig: false });
    await newcomer.track(EVENTS);
    outcomes = await order(worker, 'default', 'default');
    await until(
      'the SDK to drop the events beyond its limit',
      async () => (await full.stored()).length === 100,
    );
    await untilForgotten(faint);
    await end();
    await untilForgotten(full);
  }, 4 * DEADLINE_MS);

  it(
    'single events, without batching: all but 100',
    async () => {
      const lost = () => setup.auditOf('full', 150).lost.length;
      await until('100 events', () => lost() === 50, {
        deadlineMs: 2 * DEADLINE_MS,
        context: () => `${lost()} are lost`,
      });
    },
    3 * DEADLINE_MS,
  );

  it(
    'with the default of `maxAttempts`: events that were tried eleven times',
    async () => {
      expect(await setup.untilArrived('stubborn', EVENTS)).toMatchObject({ unknown: [], renamed: [] });
      expect(setup.auditOf('faint', EVENTS).lost).toHaveLength(EVENTS);
    },
    3 * DEADLINE_MS,
  );

  it('beacons: the SDK ignores their answers', async () => {
    expect(await beacon.stored()).toEqual([]);
    expect(setup.auditOf('beacon', EVENTS).lost).toHaveLength(EVENTS);
  });

  it('a page that requests its configuration and was never visited: the SDK does not start', async () => {
    expect(await newcomer.page.evaluate(() => window.isReady)).toBeUndefined();
    expect(await newcomer.stored()).toEqual([]);
    expect(setup.auditOf('newcomer', EVENTS).lost).toHaveLength(EVENTS);
  });

  it('a service worker whose client has its defaults: it gives up after a second or two', () => {
    expect(new Set(outcomes)).toEqual(new Set(['AxiosError: Network Error']));
    expect(setup.auditOf('default', EVENTS).lost).toHaveLength(EVENTS);
  });
});
