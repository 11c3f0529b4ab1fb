import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import common from '../../jest.config.js';

/**
 * `npm run test:actions`: destinations of Segment's catalogue, with a recording server in the place of their services. `npm test` has one
 * of them.
 */
export default {
  ...common,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  roots: [dirname(fileURLToPath(import.meta.url))],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
