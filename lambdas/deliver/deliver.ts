/**
 * A destination's work on one packed message: transform its events, send them, and account for each.
 *
 * Events are transformed before the first is sent: all of them, or as many as half of the time allows. `delivery.ts` sends what
 * was made of them.
 */
import { parseEnvelope } from '../core/event/envelope.ts';
import {
  NOTHING_SHOWN,
  triedInVain,
  type Outcome,
  type Process,
  type Processing,
} from '../core/stage/outcome.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import { unreadableMessage } from '../core/event/rejection.ts';
import { PASS_THROUGH, type Transforms } from '../core/event/transform.ts';
import { Delivery, type DeliveryDeps } from './delivery.ts';
import { planDelivery } from './plan.ts';
import { roomForRequest } from './room.ts';

export interface DeliverDeps extends DeliveryDeps {
  readonly transforms: Transforms;
}

/** @throws InfraFault, MessageRefused before anything was sent */
export const deliverer = (deps: DeliverDeps): Process => {
  return async (message, processing) => {
    const envelope = parseEnvelope(message.body);
    if (envelope?.kind !== 'events') return keepUnreadable(message, processing, deps);
    const transforms = envelope.transformed === true ? PASS_THROUGH : deps.transforms;
    const saved = processing.attempt?.progress;
    const { sourceId, receivedAt, events } = envelope;
    const left = processing.timeLeft();
    const run = await transforms.run({
      sourceId,
      receivedAt,
      events: events.slice(saved?.events ?? 0),
      // The other half is for sending what was made: what there is no time to send is transformed again.
      time: Math.min(left / 2, left - transforms.timeout - roomForRequest(deps.timing)),
    });
    if (run.ended?.kind === 'crash') return { kind: 'crash', crash: run.ended.crash, shown: NOTHING_SHOWN };
    const plan = planDelivery(run.made, saved);
    const outcome = await new Delivery(deps, message, envelope, plan, processing).run();
    if (run.ended === undefined || outcome.kind !== 'done') return outcome;
    const progress = plan.progressAt(plan.outputs.length);
    return { ...outcome, kind: 'stopped', ...(progress === undefined ? {} : { progress }) };
  };
};

const keepUnreadable = async (
  message: IncomingMessage,
  { isTrial }: Processing,
  { destination, rejections, clock, count }: DeliverDeps,
): Promise<Outcome> => {
  const rejection = unreadableMessage(destination.id, message, clock());
  if (isTrial) return { ...triedInVain(rejection.reason), shown: NOTHING_SHOWN };
  await rejections.save(rejection);
  count({ EventsRejected: 1 });
  return { kind: 'done', shown: { ...NOTHING_SHOWN, rejected: 1, rejection: rejection.reason } };
};
