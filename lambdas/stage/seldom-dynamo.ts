/** What a stage seldom asks of DynamoDB, with the SDK: in a file of its own, which is loaded when it is needed first. */
import { DynamoHotKeyStore } from '../aws/hot-key-store.ts';
import { DynamoLateCrashStore } from '../aws/late-crash-store.ts';
import { DynamoParkingStore } from '../aws/parking-store.ts';
import { DynamoRejectionStore } from '../aws/rejection-store.ts';
import { dynamoClient } from '../aws/clients/dynamodb.ts';
import type { Clock } from '../core/base/clock.ts';

export const seldomDynamo = (tables: Readonly<Record<'state' | 'parking', string>>, clock: Clock) => {
  const client = dynamoClient();
  return {
    parking: new DynamoParkingStore(client, tables.parking),
    rejections: new DynamoRejectionStore(client, tables.parking),
    lateCrashes: new DynamoLateCrashStore(client, tables.state, clock),
    hotKeys: new DynamoHotKeyStore(client, tables.state, clock),
  };
};
