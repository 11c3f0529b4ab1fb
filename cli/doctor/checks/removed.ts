/** What removed destinations have left in queues that CloudFormation let go of: SQS deletes it in the end, and nothing else says so. */
import type { Orphan } from '../../../contract/status.ts';
import { plural } from '../../format.ts';
import { fineUnless, type Finding, type Problem } from '../finding.ts';
import type { Check } from '../world.ts';

const total = ({ queue, deadLetters }: Orphan): number =>
  queue.visible + queue.inFlight + (queue.delayed ?? 0) + deadLetters;

/** `crm (formerly Sluice-crm.fifo)`: it is there again, with another queue. */
const formerOf = (id: string): string | undefined => /^(.+) \(formerly .*\)$/.exec(id)?.[1];

/** Pure. @param options of the commands, to copy */
export const judgeRemoved = (orphans: readonly Orphan[], options: string): Finding => {
  const problems = orphans.map((one): Problem => {
    const { id, parkedKeys, queueName } = one;
    const messages = total(one);
    const name = formerOf(id);
    const parts = [
      ...(messages === 0
        ? []
        : [`${plural(messages, 'message')} in its queue${queueName === undefined ? '' : ` ${queueName}`}`]),
      ...(parkedKeys === 0 ? [] : [plural(parkedKeys, 'parked user')]),
    ];
    const what =
      name === undefined
        ? `the removed destination ${id} still holds ${parts.join(' and ')}`
        : `${name} has another queue since it was added again, and its former one still holds ${plural(messages, 'message')}`;
    const adopt = `npx sluice adopt ${name ?? id}${options}`;
    const again = `add it again under its id with enabled: false, and deploy`;
    return {
      what: messages === 0 ? what : `${what}. SQS deletes each 14 days after it was sent`,
      fix: name !== undefined ? adopt : messages === 0 ? again : `${again}; then ${adopt}`,
    };
  });
  return fineUnless(problems, 'nothing');
};

export const removed: Check = {
  id: 'removed',
  title: 'what removed destinations have left',
  run: async (world) => judgeRemoved(await world.leftBehind(), world.control),
};
