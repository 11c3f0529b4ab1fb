/** The canary's wiring, in a file of its own: the functions of other destinations do not load it. */
import { CANARY } from '../../contract/canary.ts';
import { ENV } from '../../contract/environment.ts';
import { DynamoCanaryStore } from '../aws/canary-store.ts';
import { requireEnv } from '../aws/environment.ts';
import type { FunctionWorld } from '../stage/world.ts';
import { canaryReceiver } from './canary.ts';
import type { HttpClient } from './http-client.ts';

export const canaryOf = ({ calls, clock, uuid }: FunctionWorld): HttpClient =>
  canaryReceiver({
    store: new DynamoCanaryStore(calls.dynamo, requireEnv(ENV.stateTable), CANARY, clock),
    clock,
    newId: uuid,
  });
