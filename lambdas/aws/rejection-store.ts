import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Rejection, RejectionStore } from '../core/ports.ts';
import { orFault } from './clients.ts';

/** Rejected events, in the parking table, listed by stage in the order of their acceptance. */
export class DynamoRejectionStore implements RejectionStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async save({ stage, receivedAt, id, ...rest }: Rejection): Promise<void> {
    const key = { pk: `REJECTED#${stage}`, sk: `${receivedAt}#${id}` };
    const Item = marshall({ ...key, stage, receivedAt, ...rest }, { removeUndefinedValues: true });
    await orFault('PutItem', this.#client.send(new PutItemCommand({ TableName: this.#table, Item })));
  }
}
