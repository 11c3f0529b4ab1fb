/** The console's page, open in Chromium on a fake local run: one per test. */
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Browser, Page } from 'puppeteer-core';
import type { Shown } from '../../cli/console/stack-console.ts';
import { openPage, startChromium, untilText } from './chromium.ts';
import { FakeRun, type Scene } from './fake-run.ts';

export class ConsolePage {
  #browser: Browser | undefined;
  #open: { readonly run: FakeRun; readonly page: Page; readonly complaints: string[] } | undefined;

  /** Starts Chromium before the tests of a file, and closes each test's page. */
  constructor() {
    beforeAll(async () => {
      this.#browser = await startChromium();
    });
    afterAll(() => this.#browser?.close());
    afterEach(async () => {
      await this.page.close();
      await this.run.stop();
    });
  }

  /** Opens the page on a scene, and waits until it is shown. */
  async open(scene: Scene, options: Parameters<typeof openPage>[1] = {}, shown?: Shown): Promise<void> {
    if (this.#browser === undefined) throw new Error('Chromium was not started');
    const run = new FakeRun(scene, shown);
    await run.start();
    this.#open = { run, ...(await openPage(this.#browser, options)) };
    await this.page.goto(run.url);
    await untilText(this.page, '#connection', 'Live');
  }

  get page(): Page {
    return this.#opened.page;
  }

  get run(): FakeRun {
    return this.#opened.run;
  }

  /** The page's errors, and its failed requests. */
  get complaints(): readonly string[] {
    return this.#opened.complaints;
  }

  get #opened() {
    if (this.#open === undefined) throw new Error('no page is open');
    return this.#open;
  }
}
