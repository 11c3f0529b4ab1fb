/** Control's wiring: runs once a minute. */
import { LambdaClient } from '@aws-sdk/client-lambda';
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
const mappingIds = requireEnv(ENV.mappingIds).split(',');
const state = new DynamoStateStore(dynamoClient(), requireEnv(ENV.stateTable), Date.now);
const mappings = new LambdaMappings(new LambdaClient({ maxAttempts: 2 }));

export const handler = (): Promise<void> =>
  runControl({
    stages: stages.map((stage, i) => ({ ...stage, mappingId: mappingIds[i] ?? '' })),
    readModes: (ids) => state.readModes(ids),
    mappings,
    gauge: (stage, degraded) => {
      emitMetrics({ Stage: stage }, { DegradedMode: degraded });
    },
    log,
  });
