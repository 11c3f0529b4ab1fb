/** `alerts.changes`: a deployment of the stack is posted to PagerDuty, by EventBridge alone. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { readSchedules } from '../../local/events/template.ts';
import type { Template } from '../../local/template/physical.ts';
import { minimal, ofType, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

const changing = synthesize({ ...minimal, alerts: { changes: { secretName: 'ops/changes' } } });
const KEY = '{{resolve:secretsmanager:ops/changes:SecretString:::}}';
const only = (type: string) => {
  const [found, ...others] = ofType(changing, type);
  expect(others).toEqual([]);
  return found?.[1].Properties ?? {};
};

describe('change events', () => {
  it('are posted with the key, which the template does not have', () => {
    expect(only('AWS::Events::ApiDestination')).toMatchObject({
      HttpMethod: 'POST',
      InvocationEndpoint: 'https://events.pagerduty.com/v2/change/enqueue',
    });
    expect(only('AWS::Events::Connection')).toMatchObject({
      AuthParameters: {
        InvocationHttpParameters: {
          BodyParameters: [{ Key: 'routing_key', Value: KEY, IsValueSecret: true }],
        },
      },
    });
  });

  it('are of this stack’s deployments, rollbacks among them, and have the code of each stage', () => {
    const rules = ofType(changing, 'AWS::Events::Rule').map(([, { Properties }]) => Properties);
    const rule = rules.find(({ EventPattern }) => EventPattern !== undefined);
    expect(rule?.['EventPattern']).toEqual({
      source: ['aws.cloudformation'],
      'detail-type': ['CloudFormation Stack Status Change'],
      detail: {
        'stack-id': [{ Ref: 'AWS::StackId' }],
        'status-details': { status: ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'] },
      },
    });
    const [target] = rule?.['Targets'] as { InputTransformer: { InputTemplate: string } }[];
    const { payload } = JSON.parse(
      (target?.InputTransformer.InputTemplate ?? '').replaceAll(/<([\w-]+)>/g, (name) =>
        name.startsWith('<detail') ? name : `"${name}"`,
      ),
    ) as { payload: Record<string, unknown> };
    const versions = changing.pipeline.stages.map((one) => [one.stage, one.function.codeVersion] as const);
    expect(versions.length).toBeGreaterThan(1);
    expect(payload).toMatchObject({ custom_details: Object.fromEntries(versions) });
    expect(payload['summary']).toMatch(/ was deployed: <detail-status-details-status>$/);
  });

  it('are not there unless they are asked for', () => {
    expect(ofType(synthesize(), 'AWS::Events::ApiDestination')).toEqual([]);
  });

  it('are nothing that the local run calls functions for', () => {
    const schedule = {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [{ Arn: 'arn:aws:lambda:us-east-1:000000000000:function:control' }],
    };
    const rules = [{ properties: { EventPattern: {}, Targets: [{ Arn: 'x' }] } }, { properties: schedule }];
    const template = { all: () => rules } as unknown as Template;
    expect(readSchedules(template)).toEqual([{ expression: 'rate(1 minute)', functionName: 'control' }]);
  });
});
