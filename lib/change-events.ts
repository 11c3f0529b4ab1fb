/** Deployments as change events of PagerDuty: what was deployed, next to the incidents that came after it. */
import { Duration, SecretValue, Stack, Validations } from 'aws-cdk-lib';
import {
  ApiDestination,
  Authorization,
  Connection,
  EventField,
  HttpMethod,
  HttpParameter,
  type IApiDestination,
  Rule,
  RuleTargetInput,
} from 'aws-cdk-lib/aws-events';
import { ApiDestination as ApiTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { ResolvedAlerts } from '../config/schema.ts';
import type { PipelineSettings } from './context.ts';
import type { PipelineStage } from './stage.ts';

export const CHANGES_URL = 'https://events.pagerduty.com/v2/change/enqueue';

/** The stack runs what its template says: the new code, or the former one again. */
const DEPLOYED = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'];

/** The text that a rule makes of an event has 8,192 bytes at most. */
const MAX_STAGES = 40;

export interface ChangeEventsProps {
  readonly context: PipelineSettings;
  readonly secret: NonNullable<ResolvedAlerts['changes']>;
  /** The router's first. */
  readonly stages: readonly PipelineStage[];
}

/**
 * CloudFormation reports to EventBridge when a stack is deployed, and a rule posts it. No function of the pipeline is in the way: a deployment
 * that breaks them all is reported too. The rule is part of the deployment, so that the code versions in it are those that are deployed, and
 * after a rollback the former ones.
 */
export class ChangeEvents extends Construct {
  constructor(scope: Construct, id: string, { context, secret, stages }: ChangeEventsProps) {
    super(scope, id);
    const { pipeline } = context;
    const key = SecretValue.secretsManager(secret.secretName);
    const connection = new Connection(this, 'Connection', {
      description: `PagerDuty's change events of ${pipeline}`,
      // A connection must have some authorization; PagerDuty goes by the key in the body, which EventBridge adds.
      authorization: Authorization.apiKey('X-Routing-Key', key),
      bodyParameters: { routing_key: HttpParameter.fromSecret(key) },
    });
    const destination = new ApiDestination(this, 'PagerDuty', {
      connection,
      endpoint: CHANGES_URL,
      httpMethod: HttpMethod.POST,
      rateLimitPerSecond: 1,
    });
    const status = EventField.fromPath('$.detail.status-details.status');
    const rule = new Rule(this, 'Deployed', {
      description: `Deployments of ${pipeline}, for PagerDuty`,
      eventPattern: {
        source: ['aws.cloudformation'],
        detailType: ['CloudFormation Stack Status Change'],
        detail: { 'stack-id': [Stack.of(this).stackId], 'status-details': { status: DEPLOYED } },
      },
      targets: [
        // Its class leaves a field undefined that its interface leaves out.
        new ApiTarget(destination as IApiDestination, {
          maxEventAge: Duration.hours(1),
          event: RuleTargetInput.fromObject({
            payload: {
              summary: `${pipeline} was deployed: ${status}`,
              timestamp: EventField.fromPath('$.time'),
              source: pipeline,
              custom_details: Object.fromEntries(
                stages
                  .slice(0, MAX_STAGES)
                  .map(({ stage, function: { codeVersion } }) => [stage, codeVersion]),
              ),
            },
          }),
        }),
      ],
    });
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason:
        'A change event that PagerDuty does not get within the hour is of no use; no event of the pipeline is in it.',
    });
  }
}
