/** A destination: one of the kinds, by its `type`. */
import * as v from 'valibot';
import type { DestinationSettings } from '../../contract/settings.ts';
import { lambda } from './lambda.ts';
import { checkSqs, sqs } from './sqs.ts';
import { eventbridge } from './eventbridge.ts';
import { kinesis } from './kinesis.ts';
import { checkWebhook } from './webhook-checks.ts';
import { webhook } from './webhook.ts';

/** As messages list them. */
const KINDS = [
  'webhook',
  'sqs',
  'kinesis',
  'lambda',
  'eventbridge',
] as const satisfies readonly DestinationSettings['type'][];
const quoted = KINDS.map((kind) => JSON.stringify(kind));
const CHOICE = `use ${quoted.slice(0, -1).join(', ')} or ${quoted.slice(-1).join('')}`;

export const destination = v.variant(
  'type',
  [webhook, sqs, kinesis, lambda, eventbridge],
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
  | { readonly type: 'kinesis' | 'lambda' | 'eventbridge' | 'canary' | 'archive' }
  | ({ readonly type: 'sqs' } & Parameters<typeof checkSqs>[0]);

/** What needs more than one key of a kind. @returns lines without the destination's path */
export const checkKind = (one: Checked): readonly string[] => {
  if (one.type === 'sqs') return checkSqs(one);
  return one.type === 'webhook' ? checkWebhook(one) : [];
};
