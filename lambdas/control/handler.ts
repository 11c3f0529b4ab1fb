/** Control's wiring: runs once a minute. */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { readAlignedList } from '../../config/aligned-list.ts';
import { ENV } from '../../config/environment.ts';
import type { ControlBundle } from '../../config/bundle.ts';
import { readBundle } from '../aws/bundle.ts';
import { dynamoClient } from '../aws/clients.ts';
import { requireEnv } from '../aws/environment.ts';
import { emitMetrics, log } from '../aws/log.ts';
import { LambdaMappings } from '../aws/mappings.ts';
import { DynamoStateStore } from '../aws/state-store.ts';
import { runControl } from './control.ts';

const { stages } = readBundle() as ControlBundle;
const mappingIds = readAlignedList(
  stages.map(({ id }) => id),
  requireEnv(ENV.mappingIds),
);
const state = new DynamoStateStore(dynamoClient(), requireEnv(ENV.stateTable), Date.now);
const mappings = new LambdaMappings(new LambdaClient({ maxAttempts: 2 }));

export const handler = async (): Promise<void> => {
  // In the middle of a deployment; the next minute's run has both of the same one.
  if (mappingIds === undefined)
    throw new Error(`${ENV.mappingIds} belongs to another deployment than the code`);
  await runControl({
    stages: stages.map((stage, i) => ({ ...stage, mappingId: mappingIds[i] ?? '' })),
    readModes: (ids) => state.readModes(ids),
    mappings,
    gauge: (stage, degraded) => {
      emitMetrics({ Stage: stage }, { DegradedMode: degraded });
    },
    log,
  });
};
