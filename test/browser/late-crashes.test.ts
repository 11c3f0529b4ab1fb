/** Late crashes on the page, which is otherwise as if there were none. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'puppeteer-core';
import { openPage, startChromium, textOf, untilText } from './chromium.ts';
import { FakeRun, type Scene } from './fake-run.ts';
import { degraded, late, normal, stage } from './scenes.ts';

let browser: Browser;
let run: FakeRun;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());
afterEach(async () => {
  await page.close();
  await run.stop();
});

const open = async (scene: Scene): Promise<void> => {
  run = new FakeRun(scene);
  await run.start();
  ({ page, complaints } = await openPage(browser));
  await page.goto(run.url);
  await untilText(page, '#connection', 'Live');
};

it('are shown by stage, with the last of them to open, while everything is normal', async () => {
  const scene = normal();
  await open({ ...scene, stages: [stage('router'), stage('crm', { lateCrashes: late })] });
  expect(await textOf(page, '#mode-sentence')).toBe('Normal: events are received and forwarded.');
  expect(await textOf(page, '#crashes')).toMatch(
    /^Last crash No stage’s code has crashed\. Late crashes .* crm 3 late crashes since .*, the last: 9 min( \d+ s)? ago$/,
  );
  await page.click('#late-rows summary');
  expect(await textOf(page, '#late-rows')).toMatch(
    /Error: connect ECONNREFUSED .* The transform failed after the event was answered .* Message 0a2b1c7e\S+ Event page-viewed-7 .* at enrich/,
  );
  expect(complaints).toEqual([]);
});

it('appear beside a crash, and go when they are forgotten', async () => {
  await open(degraded());
  expect(await textOf(page, '#crash-rows')).toContain('Event order-completed-0');
  expect(await textOf(page, '#late-rows')).toMatch(/^warehouse 3 late crashes since/);
  run.scene = normal();
  await untilText(page, '#crashes', /^Last crash No stage’s code has crashed\.$/);
});
