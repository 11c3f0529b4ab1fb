import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import common from '../../jest.config.js';

/**
 * Destinations of each kind against services that are not ours: `npm run emulate` gives it moto. It needs an endpoint, so `npm test` leaves
 * it out.
 */
export default {
  ...common,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  roots: [dirname(fileURLToPath(import.meta.url))],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
