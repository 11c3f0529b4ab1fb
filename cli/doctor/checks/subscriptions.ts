/** Subscriptions of the alarms: one that is not confirmed, or that its subscriber has ended, gets no page. */
import { resourcesOf } from '../../../local/template/tree.ts';
import { plural } from '../../format.ts';
import { fineUnless, type Finding, type Problem } from '../finding.ts';
import type { Check, DeployedStack, Subscription } from '../world.ts';

const PENDING = 'PendingConfirmation';

/** What AWS knows the resources of a type by. */
const physicalOf = ({ tree, physical }: DeployedStack, wanted: string): readonly string[] =>
  resourcesOf(tree).flatMap(({ id, type }) => {
    const found = physical().get(id);
    return type === wanted && found !== undefined ? [found] : [];
  });

/** A URL may have a key in it. */
const shown = ({ protocol, endpoint }: Subscription): string =>
  `${protocol} ${protocol.startsWith('http') && URL.canParse(endpoint) ? new URL(endpoint).host : endpoint}`;

const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

/**
 * Pure.
 * @param found by the topic's ARN
 * @param expected ARNs of the subscriptions that the stack made
 */
export const judgeSubscriptions = (
  found: ReadonlyMap<string, readonly Subscription[]>,
  expected: readonly string[],
  options: string,
): Finding => {
  const problems = [...found].flatMap(([topic, all]): Problem[] => {
    const pending = all.filter(({ arn }) => arn === PENDING);
    const known = new Set(all.map(({ arn }) => arn));
    const missing = expected.filter((arn) => arn.startsWith(`${topic}:`) && !known.has(arn));
    return [
      ...pending.map((one) => ({
        what: `${shown(one)} has not confirmed its subscription to ${lastPart(topic)}, and gets no alarm`,
        fix:
          one.protocol === 'email'
            ? 'open the link in the mail "AWS Notification - Subscription Confirmation"; ' +
              `another one: aws sns subscribe --topic-arn ${topic} --protocol email --notification-endpoint ${one.endpoint}${options}`
            : 'see that the endpoint answers and confirms (runbook, "A pager cannot be reached"); then take it out of alerts, deploy, and put it in again',
      })),
      // While one is pending, it is listed without its ARN.
      ...missing.slice(0, Math.max(0, missing.length - pending.length)).map((arn) => ({
        what: `a subscription to ${lastPart(topic)} is gone (${lastPart(arn)}): its subscriber has ended it, or it was not confirmed for too long`,
        fix: 'take it out of alerts, deploy, and put it in again; CloudFormation does not notice it',
      })),
    ];
  });
  const all = [...found.values()].flat();
  return fineUnless(
    problems,
    `${plural(found.size, 'topic')}, ${plural(all.length, 'confirmed subscription')}`,
  );
};

export const subscriptions: Check = {
  id: 'subscriptions',
  title: 'subscriptions are confirmed',
  run: async (world) => {
    const stack = await world.deployed();
    const found = new Map<string, readonly Subscription[]>();
    for (const topic of physicalOf(stack, 'AWS::SNS::Topic'))
      found.set(topic, await world.subscriptions(topic));
    return judgeSubscriptions(found, physicalOf(stack, 'AWS::SNS::Subscription'), world.options);
  },
};
