/**
 * A CDK app that you have, with its own queue, bus, roles and firewall, to which a pipeline is added. From the project's root:
 *
 *     npx cdk synth --app 'npx tsx examples/cdk-app/app.ts'
 */
import { App, Stack, Tags } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Destination, EventPipeline } from '../../lib/index.ts';

const app = new App();
const stack = new Stack(app, 'Shop');

Tags.of(stack).add('app', 'shop-events');

// What the app has already, and hands over below.
const orders = new Queue(stack, 'Orders', {
  fifo: true,
  encryption: QueueEncryption.KMS,
  encryptionMasterKey: new Key(stack, 'OrdersKey', { enableKeyRotation: true }),
  enforceSSL: true,
});
const company = new EventBus(stack, 'Company');

/** Blocks addresses that send more than 2,000 requests in 5 minutes. They are answered 429, so that SDKs try again. */
const firewall = new CfnWebACL(stack, 'Firewall', {
  scope: 'REGIONAL',
  defaultAction: { allow: {} },
  visibilityConfig: {
    cloudWatchMetricsEnabled: true,
    metricName: 'ShopFirewall',
    sampledRequestsEnabled: true,
  },
  rules: [
    {
      name: 'rate-by-address',
      priority: 0,
      action: { block: {} },
      statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit: 2_000 } },
      visibilityConfig: {
        cloudWatchMetricsEnabled: true,
        metricName: 'RateByAddress',
        sampledRequestsEnabled: true,
      },
    },
  ],
});

const pipeline = new EventPipeline(stack, 'Events', {
  baseDir: import.meta.dirname,
  namePrefix: 'shop',
  sources: [
    // Its key is public: one process of ingest takes at most this much of it.
    { id: 'web', writeKey: 'replace-this-web-key', rateLimit: { eventsPerSecond: 100, burst: 2_000 } },
    { id: 'backend', writeKey: 'replace-this-backend-key' },
  ],
  destinations: [
    {
      id: 'crm',
      type: 'webhook',
      url: 'https://crm.example.com/events',
      // The name of a secret in Secrets Manager; its value never appears in the template.
      headers: { authorization: { secretName: 'shop/crm-token' } },
      sources: ['web'],
      transform: './without-email.ts',
    },
    {
      id: 'warehouse',
      type: 'webhook',
      url: 'https://warehouse.example.com/load',
      batch: 100,
      // A transform with limits of its own. Its `process.env` holds what is named here, and nothing else.
      transform: {
        file: './pseudonyms.ts',
        timeout: '1s',
        memory: 64,
        env: { VERBOSE: 'false' },
        secrets: { EMAIL_KEY: { secretName: 'shop/email-key' } },
      },
    },
    {
      // One user's events are a message group of the queue. Its function may send there, and use the queue's key.
      id: 'orders',
      ...Destination.queue(orders),
      filter: { type: 'track', event: { $gte: 'Order ', $lt: 'Order!' } },
    },
    // Rules of the bus match `{ "source": ["shop"], "detail-type": ["track"] }`.
    { id: 'company', ...Destination.bus(company), source: 'shop', sources: ['backend'] },
  ],
  degradedMode: { redriveThreshold: 3 },
  alerts: { pagerDuty: { secretName: 'shop/pagerduty-url' }, emails: ['shop-operators@example.com'] },
  webAcl: firewall.attrArn,
  // Of what has the tag above, once it is activated as a cost allocation tag.
  budget: { monthlyUsd: 200, tag: { key: 'app', value: 'shop-events' } },
  runbookUrl: 'https://example.com/sluice/docs/runbook.md',
});

// The pipeline's parts are constructs like any other.
new Alarm(stack, 'CrmIsBehind', {
  metric: pipeline.destination('crm').metricBacklog(),
  threshold: 10_000,
  evaluationPeriods: 3,
  comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
});

// Who looks after it: support sees what is rejected, with its content, and changes nothing; who is on call may hold, retry and resend.
pipeline.control.grantContent(Role.fromRoleName(stack, 'Support', 'shop-support'));
pipeline.control.grantOperate(Role.fromRoleName(stack, 'OnCall', 'shop-on-call'));
