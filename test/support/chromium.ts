/** Starts a Chromium that is installed on this machine; none is downloaded. */
import { existsSync } from 'node:fs';
import puppeteer, { type Browser } from 'puppeteer-core';

const PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** @param args further ones @throws Error that says how to name the browser, when none is found */
export const launchChromium = (args: readonly string[] = []): Promise<Browser> => {
  const executablePath = process.env['SLUICE_CHROMIUM'] ?? PATHS.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      `this needs a Chromium or Chrome: install one, or name its binary in SLUICE_CHROMIUM (looked for ${PATHS.join(', ')})`,
    );
  }
  return puppeteer.launch({
    executablePath,
    // A container has no user namespaces for Chromium's sandbox; it opens nothing but our own pages.
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...args],
    headless: true,
  });
};
