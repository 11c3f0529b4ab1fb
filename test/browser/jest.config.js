import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import common from '../../jest.config.js';

/**
 * `npm run test:browser`: the console's page, and SDKs for browsers, in a real Chromium. They need one installed, so `npm test`
 * leaves them out.
 */
export default {
  ...common,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  roots: [dirname(fileURLToPath(import.meta.url))],
  testPathIgnorePatterns: ['/node_modules/'],
  // Each has a browser and a local run of its own, and an SDK's backoff grows while a busy machine keeps it waiting.
  maxWorkers: 2,
};
