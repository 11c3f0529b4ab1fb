import full from './stryker.config.js';

/** `npm run mutation:short`: the same for four files, whose tests take least: how a message is ordered, parked and tried again. */
export default {
  ...full,
  mutate: ['mode/mapping', 'stage/backoff', 'stage/parking', 'stage/queue-steps'].map(
    (name) => `lambdas/core/${name}.ts`,
  ),
};
