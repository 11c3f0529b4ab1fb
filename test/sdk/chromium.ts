/** A real Chromium that finds a website and a data plane under names that stay the same, and nothing else. */
import type { Browser } from 'puppeteer-core';
import { launchChromium } from '../support/chromium.ts';

/** @param ports of this machine, by the names of hosts; those that end in `.localhost` are as trusted as with TLS */
export const startChromium = (ports: Readonly<Record<string, number>>): Promise<Browser> => {
  const rules = Object.entries(ports).map(([host, port]) => `MAP ${host} 127.0.0.1:${port}`);
  return launchChromium([`--host-resolver-rules=${[...rules, 'MAP * ~NOTFOUND'].join(', ')}`]);
};
