/** The router's wiring: events.fifo -> transform -> the destinations' queues. */
import { ENV } from '../../config/environment.ts';
import { ROUTER_STAGE, type RouterBundle } from '../../config/bundle.ts';
import { BatchingSender } from '../aws/batching-sender.ts';
import { readBundle } from '../aws/bundle.ts';
import { CALL_LIMIT, dynamoClient, sqsClient } from '../aws/clients.ts';
import { requireEnv } from '../aws/environment.ts';
import { loadTransform } from '../aws/load-transform.ts';
import { emitMetrics } from '../aws/log.ts';
import { SqsQueueSender } from '../aws/queue.ts';
import { DynamoRejectionStore } from '../aws/rejection-store.ts';
import { stageHandler } from '../aws/stage.ts';
import { DynamoStateStore } from '../aws/state-store.ts';
import { router } from './route.ts';

const { destinations, timing, codeVersion } = readBundle() as RouterBundle;
const names = (process.env[ENV.destinationQueueNames] ?? '').split(',');
const queuesUrl = requireEnv(ENV.stageQueueUrl).replace(/[^/]+$/, '');
const sqs = sqsClient();
const dynamo = dynamoClient();

export const handler = stageHandler({
  stage: ROUTER_STAGE,
  state: new DynamoStateStore(dynamo, requireEnv(ENV.stateTable), Date.now),
  timing,
  codeVersion,
  // A message begins only if its sends can end; a small timeout (of a test, of the demo) keeps most of itself.
  worstCase: Math.min(CALL_LIMIT + 500, timing.routerTimeout * 0.4),
  process: router({
    stage: ROUTER_STAGE,
    destinations: destinations.map(({ id, sources }, i) => {
      const sender = new BatchingSender(new SqsQueueSender(sqs, `${queuesUrl}${names[i] ?? ''}`));
      return { id, sources, send: (message) => sender.send(message) };
    }),
    loadTransform,
    rejections: new DynamoRejectionStore(dynamo, requireEnv(ENV.parkingTable)),
    clock: Date.now,
    count: (metric, events) => {
      emitMetrics({ Stage: ROUTER_STAGE }, { [metric]: events });
    },
  }),
});
