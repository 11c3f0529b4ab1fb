/** The canary's sender, over the pipeline's own table. */
import { CANARY } from '../../../../contract/canary.ts';
import { ENV } from '../../../../contract/environment.ts';
import { DynamoCanaryStore } from '../../../aws/canary-store.ts';
import { requireEnv } from '../../../aws/environment.ts';
import { roomForRequest } from '../../room.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { canarySender } from './sender.ts';

export const canaryDestination = ({ calls, clock, newId, timing }: KindDeps): Sender =>
  canarySender({
    store: new DynamoCanaryStore(calls.dynamo, requireEnv(ENV.stateTable), CANARY, clock),
    clock,
    newId,
    room: roomForRequest(timing),
  });
