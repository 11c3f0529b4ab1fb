/** Calls of AWS by the SDK's clients, as what calls without the SDK makes them. */
import {
  BatchGetItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Call } from './direct-call.ts';

/** @returns the calls that the state table's adapters make; @throws Error for another */
export const dynamoCalls =
  (client: Pick<DynamoDBClient, 'send'>): Call =>
  (operation, input) => {
    switch (operation) {
      case 'BatchGetItem':
        return client.send(new BatchGetItemCommand(input as never));
      case 'GetItem':
        return client.send(new GetItemCommand(input as never));
      case 'PutItem':
        return client.send(new PutItemCommand(input as never));
      case 'UpdateItem':
        return client.send(new UpdateItemCommand(input as never));
      default:
        throw new Error(`no command for ${operation}`);
    }
  };
