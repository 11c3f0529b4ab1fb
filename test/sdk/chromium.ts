/** A real Chromium that resolves a website and a data plane by fixed names, and no other host. */
import type { Browser } from 'puppeteer-core';
import { launchChromium } from '../support/chromium.ts';

/** @param ports on this machine, by host name; those that end in `.localhost` are trusted as with TLS */
export const startChromium = (ports: Readonly<Record<string, number>>): Promise<Browser> => {
  const rules = Object.entries(ports).map(([host, port]) => `MAP ${host} 127.0.0.1:${port}`);
  return launchChromium([`--host-resolver-rules=${[...rules, 'MAP * ~NOTFOUND'].join(', ')}`]);
};
