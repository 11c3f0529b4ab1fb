/** The deletion list, in the state table: an item for each `erase`, sorted by when that was. */
import {
  PutItemCommand,
  QueryCommand,
  type DynamoDBClient,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { PARTITION, TABLE } from '../../contract/tables.ts';
import { InfraFault } from '../core/base/faults.ts';
import type { Erasure, ErasureStore } from '../core/stage/replay-port.ts';
import { orFault } from './errors.ts';
import { toItem, type RawItem } from './items.ts';

/** An entry that cannot be read stops a replay: it may be of a person whose events it would send. */
const item = v.object({ names: v.array(v.string()), at: v.number() });

/** @throws InfraFault */
const toErasure = (stored: RawItem): Erasure => {
  const { success, output } = v.safeParse(item, unmarshall(stored));
  if (success) return output;
  throw new InfraFault('the list of erased users has an entry that this version cannot read');
};

/** Milliseconds, sorted as text. */
const toSort = (at: number): string => String(at).padStart(15, '0');

export class DynamoErasureStore implements ErasureStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async add({ names, at }: Erasure, expires?: number): Promise<void> {
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: toItem({
        pk: PARTITION.erased,
        sk: `${toSort(at)}#${names.join('#')}`,
        names,
        at,
        [TABLE.expires]: expires === undefined ? undefined : Math.ceil(expires / 1000),
      }),
    });
    await orFault('PutItem', this.#client.send(command));
  }

  async since(at: number): Promise<readonly Erasure[]> {
    const query = {
      TableName: this.#table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk >= :since',
      ExpressionAttributeValues: marshall({ ':pk': PARTITION.erased, ':since': toSort(at) }),
    };
    const found: RawItem[] = [];
    let from: RawItem | undefined;
    do {
      const more = from === undefined ? {} : { ExclusiveStartKey: from };
      const call = this.#client.send(new QueryCommand({ ...query, ...more }));
      const page: QueryCommandOutput = await orFault('Query', call);
      found.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return found.map(toErasure);
  }
}
