/**
 * Who is notified of alarms. There are two topics: `alarmTopic` rings the pagers and is for what cannot wait until the morning;
 * `noticeTopic` writes to people and programs, and gets everything.
 */
import { Annotations, Duration, RemovalPolicy, SecretValue, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Subscription, SubscriptionProtocol, Topic, type DeliveryPolicy } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { createHash } from 'node:crypto';
import type { ResolvedAlerts } from '../config/schema.ts';
import { nameOf, optional, type PipelineSettings } from './context.ts';
import { networkOf } from '../config/networks.ts';

/**
 * SNS gives up on a URL for good after an hour, whatever is set here. These retries wait for 57 minutes at most; what is
 * undelivered then goes to the subscription's dead-letter queue, which has an alarm of its own.
 */
const DELIVERY: DeliveryPolicy = {
  healthyRetryPolicy: {
    numRetries: 35,
    numNoDelayRetries: 2,
    numMinDelayRetries: 5,
    minDelayTarget: Duration.seconds(5),
    maxDelayTarget: Duration.seconds(120),
    numMaxDelayRetries: 20,
  },
};

export interface AlertingProps {
  readonly context: PipelineSettings;
  readonly alerts: ResolvedAlerts;
}

type Endpoint = ResolvedAlerts['urls'][number];

export class Alerting extends Construct {
  /** Pages: PagerDuty and Splunk On-Call, as far as they are configured. */
  readonly alarmTopic: Topic;
  /** Everything, pages included: mail and URLs. */
  readonly noticeTopic: Topic;
  /** Of the subscriptions that are URLs: what could not be delivered. */
  readonly deadLetterQueues: readonly Queue[];

  readonly #context: PipelineSettings;

  constructor(scope: Construct, id: string, { context, alerts }: AlertingProps) {
    super(scope, id);
    this.#context = context;
    this.alarmTopic = this.#topic('AlarmTopic', 'alarms');
    this.noticeTopic = this.#topic('NoticeTopic', 'notices');
    const { pagerDuty, victorOps, emails, urls } = alerts;
    this.deadLetterQueues = [
      ...(pagerDuty === undefined ? [] : [this.#notify('PagerDuty', this.alarmTopic, pagerDuty)]),
      ...(victorOps === undefined ? [] : [this.#notify('VictorOps', this.alarmTopic, victorOps)]),
      ...urls.map((url) => this.#notify(nameFor('Url', url), this.noticeTopic, url)),
    ];
    for (const email of emails) this.#mail(email);
  }

  #mail(address: string): void {
    const subscription = new Subscription(this, nameFor('Email', address), {
      topic: this.noticeTopic,
      protocol: SubscriptionProtocol.EMAIL,
      endpoint: address,
    });
    Validations.of(subscription).acknowledge({
      id: 'Serverless-SNSRedrivePolicy',
      reason:
        'SNS hands mail over to a mail server, and hears nothing of what becomes of it: a queue would stay empty.',
    });
  }

  /**
   * Standard topics, since FIFO ones cannot deliver to URLs and mail; and without a key, unless the customer names one: CloudWatch may
   * not use the one that AWS manages, and one of ours could keep an alarm from being heard.
   */
  #topic(id: string, name: string): Topic {
    const topic = new Topic(this, id, {
      enforceSSL: true,
      ...optional('masterKey', this.#context.encryptionKey),
      ...optional('topicName', nameOf(this.#context, name)),
    });
    // With a policy of its own a topic loses the default one. Without this, CloudWatch's alarms would vanish silently.
    this.#allowPublish(topic, [`${this.#context.pipeline}:*`]);
    return topic;
  }

  /**
   * Lets further alarms of this account and region publish to both topics, such as alarms of your own on a destination.
   * @param names of the alarms, or patterns with `*`
   */
  allowAlarms(...names: readonly string[]): void {
    for (const topic of [this.alarmTopic, this.noticeTopic]) this.#allowPublish(topic, names);
  }

  #allowPublish(topic: Topic, names: readonly string[]): void {
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: this.#fromAlarms(names),
      }),
    );
  }

  /** An alarm of another stack in the account is not one of the pipeline's, and must not page for it. */
  #fromAlarms(names: readonly string[]) {
    const { partition, region, account } = Stack.of(this);
    const alarms = names.map((name) => `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}`);
    return { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': alarms } };
  }

  /**
   * Subscribes a URL. A secret's value is resolved by CloudFormation while it deploys: the template has its name only.
   * @returns the subscription's dead-letter queue
   */
  #notify(id: string, topic: Topic, to: Endpoint): Queue {
    const deadLetterQueue = new Queue(this, `${id}-DeadLetterQueue`, {
      ...optional('queueName', nameOf(this.#context, `${id.toLowerCase()}-dead-letters`)),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      // It holds alarms that nobody got; no event.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const reason = 'It is the dead-letter queue itself, of a subscription.';
    Validations.of(deadLetterQueue).acknowledge(
      { id: 'Serverless-SQSRedrivePolicy', reason },
      { id: 'AwsSolutions-SQS3', reason },
    );
    new Subscription(this, id, {
      topic,
      ...endpointOf(to),
      deliveryPolicy: DELIVERY,
      deadLetterQueue,
    });
    if (typeof to === 'string' && networkOf(to) !== 'public') {
      Annotations.of(this).addWarningV2(
        `sluice:private-alert-${id}`,
        `alerts.urls has ${to}, which works in the local run only; name a public address`,
      );
    }
    return deadLetterQueue;
  }
}

/** Of the endpoint rather than of its place in the list, so that a change of the list leaves the others subscribed. */
const nameFor = (kind: string, endpoint: Endpoint): string => {
  const text = typeof endpoint === 'string' ? endpoint : endpoint.secretName;
  return `${kind}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
};

/** SNS cannot see the protocol of a URL that it gets from a secret; those are HTTPS. */
const endpointOf = (to: Endpoint): { endpoint: string; protocol: SubscriptionProtocol } => {
  if (typeof to !== 'string') {
    return {
      // Unwrapped into a reference, which is safe: it is CloudFormation that puts the value in its place.
      endpoint: SecretValue.secretsManager(to.secretName).unsafeUnwrap(),
      protocol: SubscriptionProtocol.HTTPS,
    };
  }
  const isHttps = new URL(to).protocol === 'https:';
  return { endpoint: to, protocol: isHttps ? SubscriptionProtocol.HTTPS : SubscriptionProtocol.HTTP };
};
