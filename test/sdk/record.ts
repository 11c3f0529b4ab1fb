/** `npm run record`: runs each installed SDK, and records its requests: one fixture for each version. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Browser } from 'puppeteer-core';
import { ROOT } from '../../local/common/settings.ts';
import {
  recordRudderStackPages,
  recordSegmentPages,
  recordServiceWorker,
  withBrowser,
} from './browser-sdks.ts';
import { DIRECTORY, fixtureName, type Fixture } from './fixture.ts';
import { recordExpoNode, recordRudderNode, recordSegmentNode } from './node-sdks.ts';
import { Recorder } from './recorder.ts';
import { inStoryOrder } from './story-order.ts';

const inBrowser = (record: (recorder: Recorder, browser: Browser) => Promise<void>) => (recorder: Recorder) =>
  withBrowser(recorder, (browser) => record(recorder, browser));

/** By the packages' names. */
const SDKS: Readonly<Record<string, (recorder: Recorder) => Promise<void>>> = {
  '@rudderstack/rudder-sdk-node': recordRudderNode,
  '@expo/rudder-sdk-node': recordExpoNode,
  '@segment/analytics-node': recordSegmentNode,
  '@rudderstack/analytics-js': inBrowser(recordRudderStackPages),
  '@rudderstack/analytics-js-service-worker': inBrowser(recordServiceWorker),
  '@segment/analytics-next': inBrowser(recordSegmentPages),
};

const installedVersion = (sdk: string): string => {
  const path = join(ROOT, 'node_modules', sdk, 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
};

/** @returns the file's path */
const write = async (fixture: Fixture): Promise<string> => {
  const path = join(DIRECTORY, fixtureName(fixture.sdk, fixture.version));
  const config = await resolveConfig(path);
  writeFileSync(path, await format(JSON.stringify(fixture), { ...config, filepath: path }));
  return relative(ROOT, path);
};

for (const [sdk, record] of Object.entries(SDKS)) {
  const recorder = await Recorder.start();
  try {
    await record(recorder);
  } finally {
    await recorder.close();
  }
  const requests = inStoryOrder(recorder.requests);
  const path = await write({ sdk, version: installedVersion(sdk), origin: 'recorded', requests });
  console.log(`${path}: ${requests.length} requests`);
}
