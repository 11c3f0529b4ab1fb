import full from './stryker.config.js';

/**
 * `npm run mutation:tenth`: the same for a tenth of the mutants, always the same ones. The rules by which a message is counted,
 * ordered and parked, whose tests take least.
 */
export default {
  ...full,
  mutate: ['mode/mapping', 'stage/attempt-ledger', 'stage/backoff', 'stage/parking', 'stage/queue-steps'].map(
    (name) => `lambdas/core/${name}.ts`,
  ),
};
