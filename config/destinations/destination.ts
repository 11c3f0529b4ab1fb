/** A destination: one of the kinds, by its `type`. */
import * as v from 'valibot';
import type { DestinationSettings } from '../../contract/settings.ts';
import { actions } from './actions.ts';
import { lambda } from './lambda.ts';
import { checkSns, sns } from './sns.ts';
import { checkSqs, sqs } from './sqs.ts';
import { eventbridge } from './eventbridge.ts';
import { firehose } from './firehose.ts';
import { s3 } from './s3.ts';
import { kinesis } from './kinesis.ts';
import { checkWebhook } from './webhook-checks.ts';
import { webhook } from './webhook.ts';

/** As messages list them. */
const KINDS = [
  'webhook',
  'sqs',
  'sns',
  'kinesis',
  'lambda',
  'eventbridge',
  'firehose',
  's3',
  'actions',
] as const satisfies readonly DestinationSettings['type'][];
const quoted = KINDS.map((kind) => JSON.stringify(kind));
const CHOICE = `use ${quoted.slice(0, -1).join(', ')} or ${quoted.slice(-1).join('')}`;

export const destination = v.variant(
  'type',
  [webhook, sqs, sns, kinesis, lambda, eventbridge, firehose, s3, actions],
  ({ input, expected }) => {
    if (expected === 'Object') return 'expected an object';
    return input === undefined
      ? `is missing; ${CHOICE}`
      : `${JSON.stringify(input)} is not a destination type; ${CHOICE}`;
  },
);

/** What is checked of a destination. */
type Checked =
  | ({ readonly type: 'webhook' } & Parameters<typeof checkWebhook>[0])
  | {
      readonly type:
        'kinesis' | 'lambda' | 'eventbridge' | 'firehose' | 's3' | 'actions' | 'canary' | 'archive';
    }
  | ({ readonly type: 'sqs' } & Parameters<typeof checkSqs>[0])
  | ({ readonly type: 'sns' } & Parameters<typeof checkSns>[0]);

/** What needs more than one key of a kind. @returns lines without the destination's path */
export const checkKind = (one: Checked): readonly string[] => {
  if (one.type === 'sqs') return checkSqs(one);
  if (one.type === 'sns') return checkSns(one);
  return one.type === 'webhook' ? checkWebhook(one) : [];
};
