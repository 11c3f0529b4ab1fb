/** The template's topics and their subscriptions. */
import * as v from 'valibot';
import { functionName, lastPart, type Template } from '../template/physical.ts';

export interface TopicSpec {
  readonly name: string;
  readonly arn: string;
}

export interface SubscriptionSpec {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: 'lambda' | 'http' | 'https' | 'email';
  /** A function's name, a URL or an address; dynamic references are not resolved yet. */
  readonly endpoint: string;
  /** Tries after one that failed. */
  readonly retries: number;
  /** The longest wait between two tries; milliseconds. */
  readonly maxDelayMs: number;
  /** The queue that takes what could not be delivered. */
  readonly deadLetterQueue: string | undefined;
}

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
