/** `retry-rejected`: sends a rejected or discarded event again, behind what its user has sent since. */
import { ROUTER_STAGE } from '../../../contract/bundle.ts';
import type { ControlAnswer } from '../../../contract/operations.ts';
import { INGEST } from '../../../contract/tables.ts';
import { inCalls } from '../../core/base/send-batches.ts';
import { InfraFault, MessageRefused } from '../../core/base/faults.ts';
import type { OutgoingMessage, QueueSender } from '../../core/base/messages.ts';
import { namesOf } from '../mappings.ts';
import type { ControlDeps, ControlledStage } from '../ports.ts';
import { isRouter } from '../snapshot.ts';
import { done, findStage, refuse, type Found } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import * as fields from './fields.ts';
import { resend } from './resend.ts';

/** What ingest rejected has not been through the router yet. */
export const resentTo = (deps: ControlDeps, id: string): Found<ControlledStage> =>
  findStage(deps, id === INGEST ? ROUTER_STAGE : id);

/**
 * The record goes when SQS has taken everything. If the process dies before, the same command repeated sends the same
 * messages, which SQS then drops.
 */
const run = async (
  deps: ControlDeps,
  { stage, id }: Requests['retry-rejected'],
): Promise<ControlAnswer<'retry-rejected'>> => {
  const target = resentTo(deps, stage);
  if (!target.ok) return target;
  const record = await deps.rejections.find(stage, id);
  if (record === undefined) {
    return refuse(`id: ${stage} has no record "${id}"; "rejected" lists those that there are`);
  }
  const planned = resend(record, isRouter(target.value) ? 'router' : 'destination', deps);
  if (!planned.ok) return planned;
  await send(deps.sender((await namesOf(deps, target.value)).queueName), planned.value.lanes);
  await deps.rejections.remove(record);
  deps.log('warn', 'an operator sent a rejected event again', { stage, id, events: planned.value.events });
  return done<'retry-rejected'>({ sent: planned.value.events });
};

/** A lane's message goes when the one before it was taken. @throws InfraFault, MessageRefused */
const send = async (queue: QueueSender, lanes: readonly (readonly OutgoingMessage[])[]): Promise<void> => {
  const longest = Math.max(...lanes.map(({ length }) => length));
  for (let turn = 0; turn < longest; turn++) {
    for (const call of inCalls(lanes.flatMap((lane) => lane.slice(turn, turn + 1)))) {
      for (const result of await queue.send(call)) {
        if (result.ok) continue;
        if (result.senderFault) throw new MessageRefused(`SQS refused the event: ${result.reason}`);
        throw new InfraFault(`SQS did not take the event: ${result.reason}`);
      }
    }
  }
};

export const retryRejected: Command<'retry-rejected'> = {
  schema: requestSchema('retry-rejected', {
    stage: fields.stage,
    id: fields.text('the id of a record, as "rejected" lists it'),
  }),
  run,
};
