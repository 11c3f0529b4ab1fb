/** Parks users as a stage does, by the same port: many, without waiting until each has failed often enough. */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import pLimit from 'p-limit';
import { DynamoParkingStore } from '../../../lambdas/aws/parking-store.ts';
import { pack } from '../../../lambdas/core/event/envelope.ts';
import { orderKey } from '../../../lambdas/core/event/order-key.ts';
import { sortOf } from '../../../lambdas/core/stage/parking.ts';
import type { Ledger } from '../../driver/ledger.ts';
import type { LocalRun } from '../../driver/local-run.ts';
import { trackEvent } from '../event.ts';
import { STAGE } from './pipeline.ts';

/** Users at the same time. */
const CONCURRENCY = 8;
const SEQUENCE_DIGITS = 20;

const clientOf = async ({ consoleUrl, accessKeyId }: LocalRun): Promise<DynamoDBClient> => {
  const response = await fetch(`${consoleUrl}/api/status`);
  const { endpoints } = (await response.json()) as { readonly endpoints: { readonly dynamodb: string } };
  return new DynamoDBClient({
    region: 'local',
    endpoint: endpoints.dynamodb,
    credentials: { accessKeyId, secretAccessKey: 'local' },
  });
};

const parkingTable = async (client: DynamoDBClient): Promise<string> => {
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const found = TableNames.filter((name) => /parking/i.test(name));
  const [table] = found;
  if (table === undefined || found.length > 1)
    throw new Error(`no one parking table among ${TableNames.join(', ')}`);
  return table;
};

export interface Parked {
  readonly users: number;
  /** Of each user, with one event each. */
  readonly messages: number;
}

/** Each message is accepted in the ledger when it is stored. */
export const parkUsers = async (
  run: LocalRun,
  { users, messages }: Parked,
  ledger: Ledger,
): Promise<void> => {
  const client = await clientOf(run);
  const store = new DynamoParkingStore(client, await parkingTable(client));
  const limit = pLimit(CONCURRENCY);
  const parkUser = async (user: number): Promise<void> => {
    for (let n = 0; n < messages; n += 1) {
      const { messageId } = ledger.issue(user);
      const event = trackEvent(messageId, user);
      const key = orderKey('bench', { userId: event.userId, anonymousId: event.anonymousId }, 'userId');
      const now = Date.now();
      const [part] = pack({ sourceId: 'bench', receivedAt: new Date(now).toISOString() }, [event]);
      if (part === undefined) throw new Error('nothing was packed');
      const sequenceNumber = String(n + 1).padStart(SEQUENCE_DIGITS, '0');
      await store.putMessage(STAGE, {
        sort: sortOf({ sequenceNumber }),
        id: randomUUID(),
        groupId: key,
        body: part.body,
        sequenceNumber,
        sentAt: now,
        parkedAt: now,
      });
      await store.touchHead(STAGE, key, { token: randomUUID(), now, reason: 'TypeError: the benchmark' });
      ledger.accept(messageId, performance.now());
    }
  };
  await Promise.all(Array.from({ length: users }, (_, user) => limit(() => parkUser(user))));
  client.destroy();
};
