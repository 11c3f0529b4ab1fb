import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import common from '../../jest.config.js';

/**
 * `npm run test:outages`: six outages in one run of the pipeline, over minutes. Stages degrade by the clock there, so a machine that is
 * busy with the other suites would degrade them as well: `npm test` leaves it out.
 */
export default {
  ...common,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  roots: [dirname(fileURLToPath(import.meta.url))],
  testPathIgnorePatterns: ['/node_modules/'],
};
