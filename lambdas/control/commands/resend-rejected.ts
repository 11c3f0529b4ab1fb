/**
 * `resend-rejected`: sends a stage's rejected events again, those that match, oldest first, page by page.
 *
 * A record is removed when SQS has taken all of it. So a run that was interrupted continues where it stopped when the same request is made
 * again, and what the interruption left in between is sent once more with the same ids, which SQS drops within five minutes. What
 * was rejected after the run began is left alone, or events that are refused again would be sent in circles.
 */
import * as v from 'valibot';
import type { ControlAnswer } from '../../../contract/operations.ts';
import { allDone } from '../../core/base/all-done.ts';
import { InfraFault } from '../../core/base/faults.ts';
import { CALL_MARGIN } from '../../core/base/limits.ts';
import type { OutgoingMessage, QueueSender } from '../../core/base/messages.ts';
import { inCalls } from '../../core/base/send-batches.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { namesOf } from '../mappings.ts';
import type { ControlDeps } from '../ports.ts';
import { isRouter } from '../snapshot.ts';
import { done } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import * as fields from './fields.ts';
import { matches, matchingFields, rangeOf, readPosition, toCursor } from './matching-rejected.ts';
import { resend } from './resend.ts';
import { resentTo } from './retry-rejected.ts';

/** Records that are read and sent at the same time. */
const STEP = 10;
/** Records that are looked at for one answer, whether they match or not. */
const MAX_READ = 1_000;
/** Milliseconds for a step: a read, sends, and what removes their records. */
const MARGIN = 3 * CALL_MARGIN;

interface Pending {
  readonly record: Rejection;
  readonly lanes: readonly (readonly OutgoingMessage[])[];
  /** Messages that SQS has not taken yet. */
  left: number;
  refused?: string;
}

const run = async (
  deps: ControlDeps,
  request: Requests['resend-rejected'],
): Promise<ControlAnswer<'resend-rejected'>> => {
  const { stage, reason, dryRun = false, limit = fields.DEFAULT_LIMIT, cursor } = request;
  const target = resentTo(deps, stage);
  if (!target.ok) return target;
  const queue = dryRun ? undefined : deps.sender((await namesOf(deps, target.value)).queueName);
  const kind = isRouter(target.value) ? 'router' : 'destination';
  const { asOf, from: first } = readPosition(cursor, deps.clock());
  const result = { records: 0, events: 0 };
  const skipped: { id: string; reason: string }[] = [];
  let from = first;
  let read = 0;
  do {
    const page = { limit: STEP, ...rangeOf(request), ...(from === undefined ? {} : { cursor: from }) };
    const found = await deps.rejections.list(stage, page);
    const wanted = found.rejections.filter(
      (record) => record.discarded !== true && record.at < asOf && matches(record, reason),
    );
    const pending: Pending[] = [];
    for (const record of wanted) {
      const planned = resend(record, kind, deps);
      if (!planned.ok) {
        skipped.push({ id: record.id, reason: planned.refused });
        continue;
      }
      const { lanes } = planned.value;
      pending.push({ record, lanes, left: lanes.flat().length });
    }
    if (queue !== undefined) await sendAll(deps, queue, pending);
    for (const { record, refused } of pending) {
      if (refused === undefined) {
        result.records += 1;
        result.events += record.count ?? 1;
      } else skipped.push({ id: record.id, reason: refused });
    }
    read += found.rejections.length;
    from = found.cursor;
  } while (
    from !== undefined &&
    result.records + skipped.length < limit &&
    read < MAX_READ &&
    deps.timeLeft() >= MARGIN
  );
  if (queue !== undefined && result.records > 0)
    deps.log('warn', 'an operator sent rejected events again', { stage, ...result });
  return done<'resend-rejected'>({
    ...result,
    skipped,
    ...(from === undefined ? {} : { cursor: toCursor({ asOf, from }) }),
  });
};

/** A user's message goes when the one before it was taken, whichever record it is of. @throws InfraFault */
const sendAll = async (deps: ControlDeps, queue: QueueSender, pending: readonly Pending[]): Promise<void> => {
  const lanes = new Map<string, { readonly message: OutgoingMessage; readonly of: Pending }[]>();
  for (const of of pending) {
    for (const message of of.lanes.flat()) {
      lanes.set(message.groupId, [...(lanes.get(message.groupId) ?? []), { message, of }]);
    }
  }
  const longest = Math.max(0, ...[...lanes.values()].map(({ length }) => length));
  for (let turn = 0; turn < longest; turn += 1) {
    const heads = [...lanes.values()].flatMap((lane) => lane.slice(turn, turn + 1));
    const owners = new Map(heads.map(({ message, of }) => [message, of]));
    const open = heads.filter(({ of }) => of.refused === undefined).map(({ message }) => message);
    for (const call of inCalls(open)) await sendCall(deps, queue, call, owners);
  }
};

const sendCall = async (
  deps: ControlDeps,
  queue: QueueSender,
  call: readonly OutgoingMessage[],
  owners: ReadonlyMap<OutgoingMessage, Pending>,
): Promise<void> => {
  const results = await queue.send(call);
  const faults: string[] = [];
  const taken: Rejection[] = [];
  for (const [i, message] of call.entries()) {
    const owner = owners.get(message);
    const sent = results[i];
    if (owner === undefined || sent === undefined) continue;
    if (!sent.ok && sent.senderFault) owner.refused = `SQS refused the event: ${sent.reason}`;
    else if (!sent.ok) faults.push(sent.reason);
    else if ((owner.left -= 1) === 0) taken.push(owner.record);
  }
  await allDone(taken.map((record) => deps.rejections.remove(record)));
  if (faults.length > 0) throw new InfraFault(`SQS did not take an event: ${faults[0]}`);
};

export const resendRejected: Command<'resend-rejected'> = {
  schema: requestSchema('resend-rejected', {
    stage: fields.stage,
    ...matchingFields,
    dryRun: v.exactOptional(v.boolean('expected true or false')),
    ...fields.page,
  }),
  run,
};
