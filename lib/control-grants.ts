/** What control may do, besides its tables and topics. */
import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { METRICS } from '../contract/metrics.ts';
import { PIPELINE_TAG } from '../contract/tags.ts';
import type { PipelineSettings } from './context.ts';
import type { SluiceFunction } from './function.ts';
import type { NestedStages } from './nested-stages.ts';
import type { PipelineStage } from './stage.ts';

/**
 * By what the CDK judges how many statements a policy of a role holds; it does not count the ARNs in conditions, which each mapping's
 * statement has one of. More than both together, so that they are counted with the resources.
 */
const ARN_SIZE = '@aws-cdk/aws-iam.arnSizeEstimate';
const ARN_SIZE_BYTES = 260;

/**
 * With nested stacks each mapping's one statement names a mapping and a function, and the CDK counts some of the condition: a hundred of
 * them, generously estimated, would be more policies than a role takes. `test/lib/size.test.ts` counts them as they are.
 */
const ARN_SIZE_OF_MANY = 235;

/** Before the role is made. */
export const countConditions = (control: Construct, nested: NestedStages): void => {
  control.node.setContext(ARN_SIZE, nested.scopes.length > 0 ? ARN_SIZE_OF_MANY : ARN_SIZE_BYTES);
};

/** Switching stages off and on, probing them, starting drains, and sending rejected events again. */
export const grantStages = (
  control: SluiceFunction,
  stages: readonly PipelineStage[],
  nested: NestedStages,
): void => {
  const own = Stack.of(control);
  const isLarge = nested.scopes.length > 0;
  for (const stage of stages) {
    if (isLarge) grantMapping(control, stage);
    else grantMappingApart(control, stage);
    // The others together, below.
    if (!isLarge) stage.grantInvoke(control);
    if (Stack.of(stage) === own) stage.grantSend(control);
  }
  nested.grantInvoke(control);
  nested.grantSend(control);
};

const grantMappingApart = (
  control: SluiceFunction,
  { mapping, function: { lambda } }: PipelineStage,
): void => {
  control.allow(['lambda:GetEventSourceMapping'], [mapping.eventSourceMappingArn]);
  // An update may name another function.
  control.allow(['lambda:UpdateEventSourceMapping'], [mapping.eventSourceMappingArn], {
    ArnEquals: { 'lambda:FunctionArn': lambda.functionArn },
  });
};

/** In one statement: a role's policies have no room for two of each of a hundred. A read names no function. */
const grantMapping = (control: SluiceFunction, { mapping, function: { lambda } }: PipelineStage): void => {
  control.allow(
    ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'],
    [mapping.eventSourceMappingArn],
    { ArnEqualsIfExists: { 'lambda:FunctionArn': lambda.functionArn } },
  );
};

/** Counts, metrics and alarms. */
export const grantWork = (control: SluiceFunction, context: PipelineSettings): void => {
  grantCounts(control, context);
  // CloudWatch knows no resources for it; the namespace is what it can be limited to.
  control.allow(['cloudwatch:PutMetricData'], ['*'], {
    StringEquals: { 'cloudwatch:namespace': METRICS.namespace },
  });
  grantAlarms(control, context);
  Validations.of(control).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      "PutMetricData knows no resources; it is limited to Sluice's namespace. DescribeAlarms reads states, and is limited to none.",
  });
};

/** By the tag, and not by name: the queues of removed destinations are in no template any more, but still count. */
const grantCounts = (control: SluiceFunction, { pipeline }: PipelineSettings): void => {
  const { partition, region, account } = Stack.of(control);
  control.allow(['sqs:GetQueueAttributes'], [`arn:${partition}:sqs:${region}:${account}:*`], {
    StringEquals: { [`aws:ResourceTag/${PIPELINE_TAG}`]: pipeline },
  });
  Validations.of(control).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:*]',
    reason: "Limited to the queues that have the pipeline's tag, and to reading their attributes.",
  });
};

/**
 * Resolving alarms that a deployment removes: a custom resource, which control's function answers. By the beginning of their names:
 * the template no longer has those that are removed.
 */
const grantAlarms = (control: SluiceFunction, { pipeline }: PipelineSettings): void => {
  const { partition, region, account } = Stack.of(control);
  control.allow(
    ['cloudwatch:SetAlarmState', 'cloudwatch:DisableAlarmActions', 'cloudwatch:EnableAlarmActions'],
    [`arn:${partition}:cloudwatch:${region}:${account}:alarm:${pipeline}:*`],
  );
  control.allow(['cloudwatch:DescribeAlarms'], ['*']);
  Validations.of(control).acknowledge({
    id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:${pipeline}:*]`,
    reason: "Limited to the pipeline's own alarms, whose names begin with its own.",
  });
};
