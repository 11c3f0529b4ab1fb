import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'puppeteer-core';
import { DESKTOP, openPage, PHONE, press, startChromium, textOf, untilText } from './chromium.ts';
import { faintTexts } from './contrast.ts';
import { FakeRun, type Scene } from './fake-run.ts';
import { filledWith, openAll } from './filled.ts';
import { degraded, held, normal, recovering } from './scenes.ts';

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

const open = async (scene: Scene, options: Parameters<typeof openPage>[1] = {}): Promise<void> => {
  run = new FakeRun(scene);
  await run.start();
  ({ page, complaints } = await openPage(browser, options));
  await page.goto(run.url);
  await untilText(page, '#connection', 'Live');
};

const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{7*7}}\u202e</textarea>`;
const LONG = 'x'.repeat(300);

describe('hostile text', () => {
  it('is shown as it is, and never becomes markup or runs', async () => {
    await open(filledWith(HOSTILE));
    await openAll(page);
    for (const section of [
      '#stages',
      '#parked',
      '#rejected',
      '#incidents',
      '#failures',
      '#crashes',
      '#mode',
    ]) {
      expect(await textOf(page, section)).toContain('<script>window.hacked=1</script>{{7*7}}');
    }
    await page.click('.detail .event button');
    expect(await textOf(page, 'dialog')).toContain('<img src=x onerror=');
    expect(await page.$$('img:not([src="/icon.svg"]), script:not([src="/page.js"]), main textarea')).toEqual(
      [],
    );
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('the page’s policy would stop what is not the page’s own all the same', async () => {
    await open(normal());
    const outcome = await page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) =>
        violations.push(event.effectiveDirective),
      );
      const script = document.createElement('script');
      let stopped = false;
      try {
        script.text = 'window.hacked = 1';
      } catch {
        stopped = true;
      }
      await fetch('http://127.0.0.1:9/').catch(() => undefined);
      await new Promise((done) => setTimeout(done, 100));
      return { stopped, violations };
    });
    expect(outcome.stopped).toBe(true);
    expect(outcome.violations).toEqual(expect.arrayContaining(['require-trusted-types-for', 'connect-src']));
  });
});

describe('on any screen', () => {
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  it.each([
    ['a phone', PHONE],
    ['a tablet', { width: 800, height: 1000 }],
    ['a desktop', DESKTOP],
  ])('%s: nothing makes the page scroll sideways, however long the text', async (_, viewport) => {
    await open(filledWith(LONG), { viewport });
    await openAll(page);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.evaluate(() => document.querySelector<HTMLElement>('.detail .event button')?.click());
    await page.waitForSelector('dialog[open]');
    expect(await overflow()).toBeLessThanOrEqual(0);
    const inside = await page.$eval('dialog', (dialog) => dialog.scrollWidth - dialog.clientWidth);
    expect(inside).toBeLessThanOrEqual(0);
  });

  it('a phone: buttons are large enough for a finger', async () => {
    await open(degraded(), { viewport: PHONE });
    const small = await page.$$eval('button', (found) =>
      found.filter((one) => one.offsetHeight > 0 && one.offsetHeight < 44).map((one) => one.textContent),
    );
    expect(small).toEqual([]);
  });

  it.each([
    ['by day', false],
    ['by night', true],
  ])('every text stands out from its ground %s', async (_, dark) => {
    for (const scene of [degraded(), recovering(), held(), normal()]) {
      await open(scene, { dark });
      if (scene.parked.length > 0) await openAll(page);
      await press(page, 'Redeploy');
      await page.waitForSelector('.notice');
      expect(await faintTexts(page)).toEqual([]);
      await page.close();
      await run.stop();
    }
    await open(normal(), { dark });
    await run.stop();
    await untilText(page, '#outage', 'does not answer');
    expect(await faintTexts(page)).toEqual([]);
  });
});
