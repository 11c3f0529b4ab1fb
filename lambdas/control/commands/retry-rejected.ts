/** `retry-rejected`: sends a rejected or discarded event again, behind what its user has sent since. */
import type { ControlAnswer } from '../../../contract/operations.ts';
import { inCalls } from '../../core/base/send-batches.ts';
import { InfraFault, MessageRefused } from '../../core/base/faults.ts';
import type { OutgoingMessage, QueueSender } from '../../core/base/messages.ts';
import { namesOf } from '../mappings.ts';
import type { ControlDeps, ControlledStage } from '../ports.ts';
import { done, findStage, refuse, type Found } from './answer.ts';
import { INGEST } from './rejected.ts';
import { replay } from './replay.ts';

/** What ingest rejected has not been through the router yet. */
const stageOf = (deps: ControlDeps, id: string): Found<ControlledStage> => {
  const [router] = deps.stages;
  return id === INGEST && router !== undefined ? { ok: true, value: router } : findStage(deps, id);
};

/**
 * The record goes when SQS has taken everything. If the process dies before, the same command once more sends the same
 * messages, which SQS then drops.
 * @throws InfraFault, MessageRefused
 */
export const retryRejected = async (
  deps: ControlDeps,
  { stage, id }: { readonly stage: string; readonly id: string },
): Promise<ControlAnswer<'retry-rejected'>> => {
  const target = stageOf(deps, stage);
  if (!target.ok) return target;
  const record = await deps.rejections.find(stage, id);
  if (record === undefined) {
    return refuse(`id: ${stage} has no record "${id}"; "rejected" lists those that there are`);
  }
  const [router] = deps.stages;
  const isRouted = target.value.id === router?.id;
  const planned = replay(record, isRouted ? 'router' : 'destination', deps.newId);
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
