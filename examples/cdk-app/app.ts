/**
 * A CDK app of your own, with a pipeline in one of its stacks. From the project's root:
 *
 *     npx cdk synth --app 'npx tsx examples/cdk-app/app.ts'
 */
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import { EventPipeline } from '../../lib/index.ts';

const app = new App();
const stack = new Stack(app, 'Shop');

const pipeline = new EventPipeline(stack, 'Events', {
  baseDir: import.meta.dirname,
  namePrefix: 'shop',
  sources: [
    { id: 'web', writeKey: 'replace-this-web-key' },
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
  ],
  degradedMode: { redriveThreshold: 3 },
  alerts: { pagerDuty: { secretName: 'shop/pagerduty-url' }, emails: ['shop-operators@example.com'] },
  runbookUrl: 'https://example.com/sluice/docs/runbook.md',
});

// The pipeline's parts are constructs like any other.
new Alarm(stack, 'CrmIsBehind', {
  metric: pipeline.destination('crm').metricBacklog(),
  threshold: 10_000,
  evaluationPeriods: 3,
  comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
});

new CfnOutput(stack, 'DataPlaneUrl', { value: pipeline.dataPlaneUrl });
// By this output `npx sluice status --stack Shop` finds the pipeline.
new CfnOutput(stack, 'ControlFunction', { value: pipeline.control.function.lambda.functionName });
