import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import common from '../../jest.config.js';

/**
 * `npm run test:package`: the package as someone gets it who installs it, with npm and pnpm. It asks npm's registry for the CDK and the
 * compilers, so `npm test` leaves it out.
 */
export default {
  ...common,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  roots: [dirname(fileURLToPath(import.meta.url))],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
};
