/** Shared by the tests of the browsers' SDKs: a website, Sluice at a fixed address, a destination, and visitors. */
import { afterAll } from '@jest/globals';
import type { Browser, HTTPRequest, Page } from 'puppeteer-core';
import type { PipelineConfig } from '../../config/index.ts';
import { audit, type Audit } from '../../tools/driver/audit.ts';
import type { LocalRun, LocalRunOptions } from '../../tools/driver/local-run.ts';
import { freePort } from '../support/free-port.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import type { Receiver, ReceivedEvent } from '../../tools/driver/receiver.ts';
import { until } from '../../tools/driver/until.ts';
import { startChromium } from './chromium.ts';
import type { RudderStackSettings } from './sdk-page-rudderstack.ts';
import type { SegmentSettings } from './sdk-page-segment.ts';
import { Site } from './sdk-site.ts';
import type { WorkerSettings } from './sdk-worker.ts';

export const WRITE_KEY = 'web-key';
const DESTINATION = '/crm';

/** By default: none, and a page that contains its configuration. */
export type PageOptions = Partial<Pick<RudderStackSettings, 'options' | 'inlineConfig'>>;

/** Stops everything after the file's tests, even if they fail. */
const endings: (() => Promise<void>)[] = [];
afterAll(async () => {
  await Promise.all(endings.map((end) => end()));
});

export class Setup {
  readonly run: LocalRun;
  readonly dataPlaneUrl: string;
  readonly #receiver: Receiver;
  readonly #site: Site;
  readonly #browser: Browser;

  private constructor(run: LocalRun, receiver: Receiver, site: Site, browser: Browser) {
    this.run = run;
    this.dataPlaneUrl = run.dataPlaneUrl;
    this.#receiver = receiver;
    this.#site = site;
    this.#browser = browser;
  }

  static async start(
    config: Omit<PipelineConfig, 'sources' | 'destinations'>,
    options: Omit<LocalRunOptions, 'config'> = {},
  ): Promise<Setup> {
    const browser = await startChromium();
    endings.push(() => browser.close());
    const receiver = await startReceiver();
    const site = await Site.start({
      rudderstack: 'sdk-page-rudderstack.ts',
      segment: 'sdk-page-segment.ts',
      'worker-page': 'sdk-page-worker.ts',
      worker: 'sdk-worker.ts',
    });
    endings.push(() => site.close());
    const run = await startLocalRun({
      ...options,
      config: {
        ...config,
        sources: [{ id: 'web', writeKey: WRITE_KEY }],
        // Each request to it has events of only one order key.
        destinations: [{ id: 'crm', type: 'webhook', url: receiver.url(DESTINATION), batch: 100 }],
      },
      env: { SLUICE_CONTROL_SECONDS: '2', SLUICE_PORT: String(await freePort()), ...options.env },
    });
    return new Setup(run, receiver, site, browser);
  }

  /** Opens a page of the website as a first-time visitor. */
  async visit(user: string, script: string, settings: unknown): Promise<Visitor> {
    const url = this.#site.addPage(`/${user}`, script, settings);
    const context = await this.#browser.createBrowserContext();
    const visitor = new Visitor(user, await context.newPage());
    await visitor.page.goto(url);
    return visitor;
  }

  /** A page with RudderStack's SDK, of an identified user. */
  async visitRudderStack(
    user: string,
    { options = {}, inlineConfig = true }: PageOptions = {},
  ): Promise<Visitor> {
    const { dataPlaneUrl } = this;
    const settings = {
      writeKey: WRITE_KEY,
      dataPlaneUrl,
      options,
      inlineConfig,
    } satisfies RudderStackSettings;
    const visitor = await this.visit(user, 'rudderstack', settings);
    await visitor.page.evaluate((id) => window.sdk.identify(id), user);
    return visitor;
  }

  /** A page with Segment's SDK, of an identified user. */
  async visitSegment(user: string): Promise<Visitor> {
    const apiHost = `${new URL(this.dataPlaneUrl).host}/v1`;
    const visitor = await this.visit(user, 'segment', {
      writeKey: WRITE_KEY,
      apiHost,
    } satisfies SegmentSettings);
    await visitor.page.evaluate(async (id) => {
      await window.sdk.identify(id);
    }, user);
    return visitor;
  }

  /** A page whose service worker uses RudderStack's SDK for service workers. */
  async visitWorker(user: string): Promise<Visitor> {
    const { dataPlaneUrl } = this;
    return this.visit(user, 'worker-page', { writeKey: WRITE_KEY, dataPlaneUrl } satisfies WorkerSettings);
  }

  /** All visitors close their browsers; otherwise their pages would keep sending. */
  async farewell(): Promise<void> {
    const contexts = this.#browser.browserContexts().filter(({ id }) => id !== undefined);
    await Promise.all(contexts.map((context) => context.close()));
  }

  /** The requests that the destination got, reduced to a user's events. */
  requestsOf(user: string): readonly (readonly ReceivedEvent[])[] {
    return this.#receiver.requests
      .filter(({ path, events }) => path === DESTINATION && events.some(({ userId }) => userId === user))
      .map(({ events }) => events);
  }

  /** Compares a user's first `Step` events with those that the destination received. */
  auditOf(user: string, events: number): Audit {
    const received = this.#receiver
      .takenBy(DESTINATION)
      .filter(({ userId, event }) => userId === user && event === 'Step');
    const sent = Array.from({ length: events }, (_, seq) => ({ user, seq }));
    return audit(sent, received);
  }

  /** Waits until all of a user's events have arrived. @returns their audit */
  async untilArrived(user: string, events: number): Promise<Audit> {
    const lost = () => this.auditOf(user, events).lost;
    await until(`${user}'s ${events} events`, () => lost().length === 0, {
      context: () => `missing: ${lost().join(', ')}\n${this.run.output.slice(-4000)}`,
    });
    return this.auditOf(user, events);
  }
}

/** A visitor's browser, with its own storage, and the page that is open in it. */
export class Visitor {
  readonly user: string;
  readonly page: Page;
  /** All messages of the page's console. */
  readonly complaints: string[] = [];
  readonly requests: HTTPRequest[] = [];

  constructor(user: string, page: Page) {
    this.user = user;
    this.page = page;
    page.on('request', (request) => this.requests.push(request));
    page.on('console', (message) => this.complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  /** Calls `track` for this many `Step` events, numbered from `from`. */
  async track(events: number, from = 0): Promise<void> {
    await this.page.evaluate(
      (first, count) => {
        for (let seq = first; seq < first + count; seq += 1) window.sdk.track('Step', { seq });
      },
      from,
      events,
    );
  }

  /** The `Step` events that RudderStack's SDK keeps in the browser's storage. */
  async stored(): Promise<readonly number[]> {
    const values = await this.page.evaluate(
      (key) =>
        Object.entries(localStorage)
          .filter(([name]) => name.startsWith('rudder_') && name.includes(`${key}.`))
          .map(([, value]) => value as string),
      WRITE_KEY,
    );
    // Queues are JSON in JSON, in several shapes.
    const found = values.flatMap((value) =>
      [...value.matchAll(/seq\W+(\d+)/g)].map(([, seq]) => Number(seq)),
    );
    return [...new Set(found)].sort((a, b) => a - b);
  }

  async untilReady(): Promise<void> {
    const isReady = () => this.page.evaluate(() => window.isReady);
    await until(`${this.user}'s SDK to be ready`, isReady, { context: () => this.complaints.join('\n') });
  }

  /** Requests to Sluice without an answer, or with one of this status. */
  failed(status?: number): readonly HTTPRequest[] {
    return this.requests.filter((request) =>
      status === undefined ? request.failure() !== null : request.response()?.status() === status,
    );
  }
}
