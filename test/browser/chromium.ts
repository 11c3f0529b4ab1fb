/** A real Chromium, and a page that must not report errors. */
import type { Browser, Page } from 'puppeteer-core';
import { launchChromium } from '../support/chromium.ts';
import { until } from '../../tools/driver/until.ts';

export const startChromium = (): Promise<Browser> => launchChromium();

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740, isMobile: true, hasTouch: true };

/** A page, and everything that the browser reports: errors, refused requests, violations of the content security policy. */
export const openPage = async (
  browser: Browser,
  { viewport = DESKTOP, dark = false } = {},
): Promise<{ page: Page; complaints: string[] }> => {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.setViewport(viewport);
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
  return { page, complaints };
};

/** The visible text of an element, with whitespace collapsed; empty if there is none. */
export const textOf = (page: Page, selector: string): Promise<string> =>
  page.evaluate(
    (found) => document.querySelector<HTMLElement>(found)?.innerText.replaceAll(/\s+/g, ' ').trim() ?? '',
    selector,
  );

/** Waits until the element's text is as expected. The page's policy forbids Puppeteer's own way to wait. */
export const untilText = async (page: Page, selector: string, wanted: string | RegExp): Promise<string> => {
  let last = '';
  return until(
    `${selector} to say ${String(wanted)}`,
    async () => {
      last = await textOf(page, selector);
      return (typeof wanted === 'string' ? last.includes(wanted) : wanted.test(last)) ? last : undefined;
    },
    { context: () => `it says: ${last}` },
  );
};

/** Clicks the button with that accessible name. */
export const press = async (page: Page, name: string): Promise<void> => {
  const found = await until(`the button "${name}"`, () =>
    page.$(`::-p-aria([name="${name}"][role="button"])`),
  );
  await found.click();
};
