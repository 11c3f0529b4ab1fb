/** Topics, their subscriptions, and the alarms that publish to them. */
import * as v from 'valibot';
import { readAlarm, type AlarmSpec } from '../cloudwatch/alarm-spec.ts';
import { functionName } from './functions.ts';
import { lastPart, type Template } from './physical.ts';
import type { SubscriptionSpec, TopicSpec } from './specs.ts';

/** SNS's own, for HTTP: three more tries, 20 seconds apart. */
const RETRIES = 3;
const MAX_DELAY_SECONDS = 20;

export const readTopics = (template: Template): readonly TopicSpec[] =>
  template.all('topic').map(({ logicalId }) => {
    const arn = template.physical(logicalId)?.ref ?? '';
    return { name: lastPart(arn), arn };
  });

const subscription = v.object({
  TopicArn: v.string(),
  Protocol: v.picklist(
    ['lambda', 'http', 'https', 'email'],
    'the local run knows lambda, http, https and email',
  ),
  Endpoint: v.string(),
  DeliveryPolicy: v.optional(
    v.looseObject({
      healthyRetryPolicy: v.optional(
        v.looseObject({ numRetries: v.optional(v.number()), maxDelayTarget: v.optional(v.number()) }),
      ),
    }),
  ),
  RedrivePolicy: v.optional(v.object({ deadLetterTargetArn: v.string() })),
  FilterPolicy: v.optional(v.never('the local run filters nothing')),
  RawMessageDelivery: v.optional(v.literal(false, 'the local run knows envelopes only')),
});

/** @throws Error that names the subscription and what of it the local run does not know */
export const readSubscriptions = (template: Template): readonly SubscriptionSpec[] =>
  template.all('subscription').map(({ logicalId, properties }) => {
    const parsed = v.safeParse(subscription, properties);
    if (!parsed.success) {
      const [issue] = parsed.issues;
      throw new Error(`the subscription ${logicalId}: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
    }
    const { TopicArn, Protocol, Endpoint, DeliveryPolicy, RedrivePolicy } = parsed.output;
    const policy = DeliveryPolicy?.healthyRetryPolicy;
    return {
      arn: `${TopicArn}:${logicalId}`,
      topicArn: TopicArn,
      protocol: Protocol,
      endpoint: Protocol === 'lambda' ? functionName(Endpoint) : Endpoint,
      retries: policy?.numRetries ?? RETRIES,
      maxDelayMs: (policy?.maxDelayTarget ?? MAX_DELAY_SECONDS) * 1000,
      deadLetterQueue: RedrivePolicy === undefined ? undefined : lastPart(RedrivePolicy.deadLetterTargetArn),
    };
  });

/** @throws Error that names the alarm and what of it the local run does not know */
export const readAlarms = (template: Template): readonly AlarmSpec[] =>
  template.all('alarm').map(({ logicalId, properties }) => {
    const physical = template.physical(logicalId);
    return readAlarm(
      { name: physical?.ref ?? logicalId, arn: physical?.attributes['Arn'] ?? '' },
      properties,
    );
  });
