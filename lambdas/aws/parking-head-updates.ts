/** The writes of a parked key's head, as DynamoDB's expressions: what each sets, and on which condition. */
import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { FORMAT, FORMATS } from '../../contract/formats.ts';
import { marshall } from '@aws-sdk/util-dynamodb';
import { shardOf } from '../core/stage/parking.ts';
import type { Head, Lease, Touch } from '../core/stage/parking-port.ts';
import { FORMAT_NAME, NOT_LATER, toItem } from './items.ts';
import { indexShard } from './parking-items.ts';

export type HeadUpdate = Pick<
  UpdateItemCommandInput,
  'ConditionExpression' | 'UpdateExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** The condition that `:owner` has the lease. */
export const IS_OWNER = 'leaseOwner = :owner';

export const headTouched = (stage: string, key: string, { token, now, reason, lease }: Touch): HeadUpdate => {
  const initial: Omit<Head, 'token'> & { indexShard: string; [FORMAT]: number } = {
    key,
    nextAttemptAt: now,
    failures: 0,
    reason,
    parkedAt: now,
    triedEpoch: -1,
    indexShard: indexShard(stage, shardOf(key)),
    [FORMAT]: FORMATS.head,
    ...(lease === undefined ? {} : { leaseOwner: lease.owner, leaseUntil: lease.until }),
  };
  const fields = Object.entries(initial);
  return {
    UpdateExpression: `SET #token = :token, ${fields
      .map((_, i) => `#f${i} = if_not_exists(#f${i}, :f${i})`)
      .join(', ')}`,
    ExpressionAttributeNames: {
      '#token': 'token',
      ...Object.fromEntries(fields.map(([name], i) => [`#f${i}`, name])),
    },
    ExpressionAttributeValues: toItem({
      ':token': token,
      ...Object.fromEntries(fields.map(([, value], i) => [`:f${i}`, value])),
    }),
  };
};

/** A head of a later version is nobody's: nothing else is done without the lease. @param failures that the head must have */
export const leaseTaken = (failures: number, lease: Lease): HeadUpdate => ({
  ConditionExpression: `attribute_exists(pk) AND failures = :before AND (attribute_not_exists(leaseUntil) OR leaseUntil <= :now) AND ${NOT_LATER}`,
  UpdateExpression:
    'SET failures = :after, leaseOwner = :owner, leaseUntil = :until, nextAttemptAt = :next, triedEpoch = :epoch',
  ExpressionAttributeNames: FORMAT_NAME,
  ExpressionAttributeValues: marshall({
    ':format': FORMATS.head,
    ':before': failures,
    ':after': lease.isTrial === true ? failures : failures + 1,
    ':now': lease.now,
    ':owner': lease.owner,
    ':until': lease.until,
    ':next': lease.nextAttemptAt,
    ':epoch': lease.triedEpoch,
  }),
});

export const leaseReleased = (
  owner: string,
  set: { readonly failures?: number; readonly nextAttemptAt?: number },
): HeadUpdate => {
  const fields = Object.entries(set);
  const assignments = fields.map(([name]) => `${name} = :${name}`).join(', ');
  return {
    ConditionExpression: IS_OWNER,
    UpdateExpression: `REMOVE leaseOwner, leaseUntil${fields.length === 0 ? '' : ` SET ${assignments}`}`,
    ExpressionAttributeValues: toItem({
      ':owner': owner,
      ...Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
    }),
  };
};

export const fieldsSet = (owner: string, fields: Partial<Pick<Head, 'failures' | 'reason'>>): HeadUpdate => {
  const set = Object.entries(fields);
  return {
    ConditionExpression: IS_OWNER,
    UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: toItem({
      ':owner': owner,
      ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
    }),
  };
};
