/** What is parked, as items of the parking table. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { FORMAT, FORMATS } from '../../contract/formats.ts';
import { HEAD_INDEX, PARTITION } from '../../contract/tables.ts';
import { newerThan } from '../core/base/newer.ts';
import { newerBody } from '../core/event/envelope.ts';
import type { Head, ParkedMessage } from '../core/stage/parking-port.ts';
import { toItem, without, type Key, type RawItem } from './items.ts';

/** The sort key of a key's head. It sorts after those of messages, which begin with `A#` or `E#`. */
export const HEAD_SORT = 'HEAD';

export const partition = PARTITION.parked;

/** The index's partition for one shard of a stage's heads. */
export const indexShard = PARTITION.heads;

export const headKey = (stage: string, key: string): Key => ({ pk: partition(stage, key), sk: HEAD_SORT });

export const messageKey = (stage: string, key: string, sort: string): Key => ({
  pk: partition(stage, key),
  sk: sort,
});

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The body is compressed: a packed message of the largest size must fit an item, with its crash record. */
export const toMessageItem = async (
  stage: string,
  { sort, body, ...rest }: ParkedMessage,
): Promise<RawItem> =>
  toItem({
    ...messageKey(stage, rest.groupId, sort),
    ...rest,
    body: await compress(body),
    [FORMAT]: FORMATS.message,
  });

/** @param item as `toMessageItem` made it; of a later version, what stands for it so that it is kept */
export const fromMessageItem = async (item: RawItem): Promise<ParkedMessage> => {
  const { sk, body, ...rest } = unmarshall(item);
  const newer = newerThan('message', rest[FORMAT]);
  if (newer !== undefined) return laterMessage(sk as string, rest, newer);
  const text = await decompress(body as Uint8Array);
  return { ...without(rest, ['pk', FORMAT]), sort: sk as string, body: text.toString() } as ParkedMessage;
};

/** Its place is its key's, and all that is known of it. */
const laterMessage = (
  sort: string,
  { pk, id }: Readonly<Record<string, unknown>>,
  format: number,
): ParkedMessage => {
  const partition = String(pk);
  return {
    sort,
    id: typeof id === 'string' ? id : sort,
    groupId: partition.slice(partition.indexOf('#') + 1),
    body: newerBody(format),
    sequenceNumber: '',
    sentAt: 0,
    parkedAt: 0,
  };
};

/** @param item as `touchHead` made it */
export const fromHeadItem = (item: RawItem): Head =>
  without(unmarshall(item), ['pk', 'sk', HEAD_INDEX.partitionKey, FORMAT]) as Head;
