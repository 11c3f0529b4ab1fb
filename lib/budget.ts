import { Stack } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface BudgetSettings {
  /** US dollars a calendar month. */
  readonly monthlyUsd: number;
  /**
   * Counts only what has this cost allocation tag. It has to be put on the stack (`Tags.of(stack).add`), and to be activated in the
   * account's billing settings: until then the budget stays at 0.
   * @default - the cost of the whole account
   */
  readonly tag?: { readonly key: string; readonly value: string };
}

export interface BudgetProps extends BudgetSettings {
  /** Hears of the budget. */
  readonly topic: Topic;
}

/** Percent of the budget, and of what: what was spent, or what AWS expects for the month. */
const NOTIFICATIONS = [
  { type: 'ACTUAL', threshold: 80 },
  { type: 'ACTUAL', threshold: 100 },
  { type: 'FORECASTED', threshold: 100 },
] as const;

/** A budget of AWS Budgets, whose notifications go to a topic. AWS knows costs some hours late: it notifies, and stops nothing. */
export class Budget extends Construct {
  /** @throws Error for an amount that is no budget */
  constructor(scope: Construct, id: string, { monthlyUsd, tag, topic }: BudgetProps) {
    super(scope, id);
    if (!(monthlyUsd > 0)) throw new Error(`budget.monthlyUsd: ${monthlyUsd} is not an amount above 0`);
    const { account, partition } = Stack.of(this);
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AllowBudgets',
        principals: [new ServicePrincipal('budgets.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': `arn:${partition}:budgets::${account}:*` },
        },
      }),
    );
    const budget = new CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
        ...(tag !== undefined && { costFilters: { TagKeyValue: [`user:${tag.key}$${tag.value}`] } }),
      },
      notificationsWithSubscribers: NOTIFICATIONS.map(({ type, threshold }) => ({
        notification: {
          notificationType: type,
          comparisonOperator: 'GREATER_THAN',
          threshold,
          thresholdType: 'PERCENTAGE',
        },
        subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
      })),
    });
    // AWS Budgets asks the topic whether it may publish when it is made.
    budget.node.addDependency(topic);
  }
}
