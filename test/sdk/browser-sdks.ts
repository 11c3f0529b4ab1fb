/** The SDKs for browsers, each in a page of a website, or in its service worker. */
import { TargetType, type Browser, type Page, type Target, type WebWorker } from 'puppeteer-core';
import { Site } from '../browser/sdk-site.ts';
import { startChromium } from './chromium.ts';
import { tellStory, type Device } from './drive.ts';
import { identified } from './node-sdks.ts';
import type { RudderStackPage } from './page-rudderstack.ts';
import type { SegmentPage } from './page-segment.ts';
import type { WorkerScript } from './page-worker.ts';
import type { Recorder } from './recorder.ts';
import { USER_ID, WRITE_KEY, type Call } from './story.ts';

const SHOP = 'http://shop.localhost';
const DATA_PLANE = 'http://data-plane.localhost';

/** Chromium, and the website that it opens at `SHOP`. */
export const withBrowser = async (
  recorder: Recorder,
  work: (browser: Browser) => Promise<void>,
): Promise<void> => {
  const site = await Site.start({
    rudderstack: './page-rudderstack.ts',
    segment: './page-segment.ts',
    worker: './page-worker.ts',
  });
  for (const script of ['rudderstack', 'segment']) site.addPage(`/${script}`, script, {});
  const { hostname: shop } = new URL(SHOP);
  const { hostname: dataPlane } = new URL(DATA_PLANE);
  const browser = await startChromium({ [shop]: Number(new URL(site.url).port), [dataPlane]: recorder.port });
  try {
    await work(browser);
  } finally {
    await browser.close();
    await site.close();
  }
};

/** What a page's script exposes for the recorder. */
interface Global<Script> {
  readonly sdk: Script;
}

const openPage = async (browser: Browser, script: string): Promise<Page> => {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(`${SHOP}/${script}`);
  return page;
};

type RudderStackOptions = Parameters<RudderStackPage['load']>[2];

const loadRudderStack = (page: Page, options: RudderStackOptions): Promise<void> =>
  page.evaluate(
    (...args) => (globalThis as unknown as Global<RudderStackPage>).sdk.load(...args),
    WRITE_KEY,
    DATA_PLANE,
    options,
  );

const rudderStackDevice = (page: Page, options: RudderStackOptions): Device => ({
  lacks: ['screen'],
  retries: options.useBeacon !== true,
  say: (calls) =>
    page.evaluate(
      (...args) => (globalThis as unknown as Global<RudderStackPage>).sdk.say(...args),
      USER_ID,
      calls,
    ),
  ...(options.queueOptions === undefined && options.useBeacon !== true
    ? {
        reopen: async () => {
          await page.reload();
          await loadRudderStack(page, options);
        },
      }
    : {}),
});

/** Milliseconds: the events of one step are sent together, and soon. */
const SOON = 500;

export const recordRudderStackPages = async (recorder: Recorder, browser: Browser): Promise<void> => {
  const variants: Readonly<Record<string, RudderStackOptions>> = {
    defaults: {},
    batching: { queueOptions: { batch: { enabled: true, flushInterval: SOON } } },
    beacon: { useBeacon: true, beaconQueueOptions: { flushQueueInterval: SOON } },
  };
  for (const [name, options] of Object.entries(variants)) {
    recorder.variant = name;
    recorder.step = 'load';
    const page = await openPage(browser, 'rudderstack');
    await loadRudderStack(page, options);
    await tellStory(recorder, rudderStackDevice(page, options));
    await page.browserContext().close();
  }
};

export const recordSegmentPages = async (recorder: Recorder, browser: Browser): Promise<void> => {
  const variants: Readonly<Record<string, object>> = {
    defaults: {},
    batching: { deliveryStrategy: { strategy: 'batching', config: { timeout: SOON } } },
  };
  for (const [name, settings] of Object.entries(variants)) {
    recorder.variant = name;
    recorder.step = 'load';
    const page = await openPage(browser, 'segment');
    await page.evaluate(
      (...args) => (globalThis as unknown as Global<SegmentPage>).sdk.load(...args),
      WRITE_KEY,
      DATA_PLANE,
      settings,
    );
    const say = (calls: readonly Call[]): Promise<void> =>
      page.evaluate(
        (...args) => (globalThis as unknown as Global<SegmentPage>).sdk.say(...args),
        USER_ID,
        calls,
      );
    await tellStory(recorder, { retries: true, say });
    await page.browserContext().close();
  }
};

const startWorker = async (page: Page): Promise<WebWorker> => {
  await page.evaluate(`navigator.serviceWorker.register('/worker.js')`);
  const isWorker = (one: Target) => one.type() === TargetType.SERVICE_WORKER;
  const target = await page.browserContext().waitForTarget(isWorker);
  const worker = await target.worker();
  if (worker === null) throw new Error('the service worker has ended');
  return worker;
};

export const recordServiceWorker = async (recorder: Recorder, browser: Browser): Promise<void> => {
  recorder.variant = 'defaults';
  recorder.step = 'load';
  const page = await openPage(browser, 'rudderstack');
  const worker = await startWorker(page);
  await worker.evaluate(
    (...args) => (globalThis as unknown as Global<WorkerScript>).sdk.load(...args),
    WRITE_KEY,
    DATA_PLANE,
    { logLevel: 'off' } as const,
  );
  const say = (calls: readonly Call[], isKnown: boolean): Promise<void> =>
    worker.evaluate(
      (messages) => (globalThis as unknown as Global<WorkerScript>).sdk.say(messages),
      calls.map((call) => ({ type: call.type, message: identified(call, isKnown) })),
    );
  await tellStory(recorder, { retries: true, say });
  await page.browserContext().close();
};
