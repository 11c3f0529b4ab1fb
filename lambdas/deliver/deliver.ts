/**
 * A destination's work on one packed message, or on several at a time: transform their events, send them, and account for each.
 *
 * Events are transformed before the first is sent: all of them, or as many as half of the time allows. `delivery.ts` sends what
 * was made of them. Of several messages (`unit.ts`), each is transformed by itself. One whose transform fails or has no time is left
 * out, with those behind it; so it is the first of a later unit, and fails there.
 */
import type { TimingSettings } from '../../contract/settings.ts';
import {
  leftForLater,
  NOTHING_SHOWN,
  triedInVain,
  type Outcome,
  type Process,
  type Processing,
  type ProcessUnit,
} from '../core/stage/outcome.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import { unreadableMessage } from '../core/event/rejection.ts';
import { PASS_THROUGH, type TransformRun, type Transforms } from '../core/event/transform.ts';
import { Delivery, type DeliveryDeps, type Part } from './delivery.ts';
import type { Mask } from './pii.ts';
import { planDelivery } from './plan.ts';
import { roomForRequest } from './room.ts';
import { unitOf, type Readable } from './unit.ts';

export interface DeliverDeps extends DeliveryDeps {
  readonly timing: Pick<TimingSettings, 'requestTimeout'>;
  readonly transforms: Transforms;
  /** What hides personal data of the events. Absent: they leave as they are. @throws InfraFault */
  readonly readMask?: () => Promise<Mask>;
}

/** @throws InfraFault, MessageRefused before anything was sent */
export const deliverer = (deps: DeliverDeps): Process => {
  const { batch } = deps.sender;
  const unit: ProcessUnit = async (messages, processing) => {
    const [first, ...others] = unitOf(messages, batch);
    return first === undefined
      ? keepUnreadable(messages.slice(0, 1), processing, deps)
      : attempt([first, ...others], processing, deps);
  };
  const process: Process = async (message, processing) => {
    const [outcome] = await unit([message], processing);
    if (outcome === undefined) throw new Error('a message has no outcome');
    return outcome;
  };
  return batch === 1 ? process : Object.assign(process, { unit });
};

const attempt = async (
  [first, ...others]: readonly [Readable, ...Readable[]],
  processing: Processing,
  deps: DeliverDeps,
): Promise<readonly Outcome[]> => {
  const saved = processing.attempt?.progress;
  const left = processing.timeLeft();
  const mask = await deps.readMask?.();
  // The other half is for sending what was made: what there is no time to send is transformed again.
  const timeFor = (transforms: Transforms): number => {
    const now = processing.timeLeft();
    return Math.min(now - left / 2, now - transforms.timeout - roomForRequest(deps.timing));
  };
  const transform = async ({ envelope }: Readable, from: number): Promise<TransformRun> => {
    const transforms = envelope.transformed === true ? PASS_THROUGH : deps.transforms;
    const { sourceId, receivedAt, events } = envelope;
    const time = timeFor(transforms);
    const run = await transforms.run({ sourceId, receivedAt, events: events.slice(from), time });
    // What was refused was kept as it was sent: hashes of hashes would be other users.
    if (mask === undefined || envelope.masked === true) return run;
    return { ...run, made: run.made.map((outputs) => outputs.map(mask)) };
  };
  const { made, ended } = await transform(first, saved?.events ?? 0);
  if (ended?.kind === 'crash') return [{ kind: 'crash', crash: ended.crash, shown: NOTHING_SHOWN }];
  const plan = planDelivery(made, saved);
  const parts: [Part, ...Part[]] = [{ ...first, plan }];
  for (const other of ended === undefined ? others : []) {
    const run = await transform(other, 0).catch(() => undefined);
    if (run === undefined || run.ended !== undefined) break;
    parts.push({ ...other, plan: planDelivery(run.made, undefined) });
  }
  const outcomes = await new Delivery(deps, parts, processing).run();
  if (ended === undefined) return outcomes;
  const progress = plan.progressAt(plan.outputs.length);
  return outcomes.map((outcome) =>
    outcome.kind === 'done'
      ? { ...outcome, kind: 'stopped', ...(progress === undefined ? {} : { progress }) }
      : outcome,
  );
};

const keepUnreadable = async (
  [message]: readonly IncomingMessage[],
  { isTrial }: Processing,
  { destination, rejections, clock, count }: DeliverDeps,
): Promise<readonly Outcome[]> => {
  if (message === undefined) return [];
  const left = leftForLater(message.body);
  if (left !== undefined) return [left];
  const rejection = unreadableMessage(destination.id, message, clock());
  if (isTrial) return [{ ...triedInVain(rejection.reason), shown: NOTHING_SHOWN }];
  await rejections.save(rejection);
  count({ EventsRejected: 1 });
  return [{ kind: 'done', shown: { ...NOTHING_SHOWN, rejected: 1, rejection: rejection.reason } }];
};
