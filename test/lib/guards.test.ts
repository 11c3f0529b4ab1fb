/** A firewall and a budget: only where they are asked for. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { logicalId, minimal, ofType, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

const ARN = 'arn:aws:wafv2:eu-central-1:000000000000:regional/webacl/mine/0';

describe('a firewall', () => {
  it('is put in front of the API’s stage', () => {
    const { template } = synthesize({ ...minimal, webAcl: ARN });
    template.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1);
    const [found] = Object.values(template.findResources('AWS::WAFv2::WebACLAssociation')) as {
      Properties: { WebACLArn: string; ResourceArn: unknown };
    }[];
    expect(found?.Properties.WebACLArn).toBe(ARN);
    expect(JSON.stringify(found?.Properties.ResourceArn)).toMatch(/\/restapis\/.*\/stages\//);
  });

  it('answers 429 to what it blocks, so that no SDK drops its events', () => {
    synthesize({ ...minimal, webAcl: ARN }).template.hasResourceProperties(
      'AWS::ApiGateway::GatewayResponse',
      {
        ResponseType: 'WAF_FILTERED',
        StatusCode: '429',
      },
    );
  });
});

describe('a budget', () => {
  it('notifies the notice topic, which lets AWS Budgets of this account publish', () => {
    const synthesized = synthesize({ ...minimal, budget: { monthlyUsd: 200 } });
    const { template } = synthesized;
    const topic = { Ref: logicalId(synthesized, 'Alerting/NoticeTopic') };
    const at = (NotificationType: string, Threshold: number) => ({
      Notification: Match.objectLike({ NotificationType, Threshold, ThresholdType: 'PERCENTAGE' }),
      Subscribers: [{ SubscriptionType: 'SNS', Address: topic }],
    });
    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: {
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: 200, Unit: 'USD' },
        CostFilters: Match.absent(),
      },
      NotificationsWithSubscribers: [at('ACTUAL', 80), at('ACTUAL', 100), at('FORECASTED', 100)],
    });
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      Topics: [topic],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Sid: 'AllowBudgets',
            Principal: { Service: 'budgets.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: topic,
            Condition: Match.objectLike({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } }),
          }),
        ]),
      },
    });
  });

  it('may count what has a tag alone', () => {
    const budget = { monthlyUsd: 50, tag: { key: 'app', value: 'shop' } };
    synthesize({ ...minimal, budget }).template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: Match.objectLike({ CostFilters: { TagKeyValue: ['user:app$shop'] } }),
    });
  });

  it.each([0, -1, NaN])('of %p is a mistake', (monthlyUsd) => {
    expect(() => synthesize({ ...minimal, budget: { monthlyUsd } })).toThrow(/monthlyUsd/);
  });
});

it('without them there is neither', () => {
  const synthesized = synthesize();
  expect(ofType(synthesized, 'AWS::WAFv2::WebACLAssociation')).toEqual([]);
  expect(ofType(synthesized, 'AWS::Budgets::Budget')).toEqual([]);
});
