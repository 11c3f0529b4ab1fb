/** Events of the canary's source, and what its receiver has recorded. */
import { CANARY, canaryMessageId, type CanaryArrival, type CanaryEvent } from '../../contract/canary.ts';
import type { StageStatus } from '../../contract/status.ts';
import { CommandFailure } from '../failure.ts';
import { waitFor, type Answer, type Waited, type World } from './world.ts';

/** Milliseconds in which an event of a healthy pipeline arrives: a function may have to start first. */
const ARRIVAL = 60_000;

export const userIdOf = ({ run, user }: Pick<CanaryEvent, 'run' | 'user'>): string =>
  `sluice-verify-${run}-${user}`;

export const eventOf = (event: CanaryEvent) => ({
  type: 'track',
  event: 'Sluice Canary',
  userId: userIdOf(event),
  messageId: canaryMessageId(event),
});

export const basic = (writeKey: string): string => `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;

export const post = (
  { request }: Pick<World, 'request'>,
  writeKey: string,
  events: readonly CanaryEvent[],
): Promise<Answer> =>
  request({
    method: 'POST',
    path: '/v1/batch',
    headers: { 'content-type': 'application/json', authorization: basic(writeKey) },
    body: JSON.stringify({ batch: events.map(eventOf) }),
  });

/** @throws CommandFailure when they are not accepted */
export const send = async (
  world: Pick<World, 'request'>,
  writeKey: string,
  events: readonly CanaryEvent[],
): Promise<void> => {
  const { status, body } = await post(world, writeKey, events);
  if (status !== 200)
    throw new CommandFailure(
      `the data plane answered ${status} to the canary's events: ${body.slice(0, 200)}`,
    );
};

/** A record that was written twice is one delivery. */
export const deliveries = (arrivals: readonly CanaryArrival[]): readonly CanaryArrival[] => [
  ...new Map(arrivals.map((one) => [one.delivery, one])).values(),
];

export const readArrivals = async (
  { ask }: Pick<World, 'ask'>,
  run: string,
): Promise<readonly CanaryArrival[]> => deliveries((await ask({ command: 'canary', run })).arrivals);

/** Waits until each of the events has arrived, or the time is over. */
export const arrivalsOf = (
  world: Pick<World, 'ask' | 'clock' | 'sleep'>,
  run: string,
  events: readonly CanaryEvent[],
  within = ARRIVAL,
): Promise<Waited<readonly CanaryArrival[]>> =>
  waitFor(
    world,
    () => readArrivals(world, run),
    (arrivals) => judgeArrivals(events, arrivals).missing.length === 0,
    { within },
  );

export interface ArrivalsJudgement {
  /** `messageId`s. */
  readonly missing: readonly string[];
  readonly repeated: readonly string[];
  /** Those that arrived first after a later one of the same user. */
  readonly overtaken: readonly string[];
}

/** Pure. Compares what was sent with what arrived; first deliveries count for the order. */
export const judgeArrivals = (
  sent: readonly CanaryEvent[],
  arrivals: readonly CanaryArrival[],
): ArrivalsJudgement => {
  const ids = arrivals.map(({ id }) => id);
  const place = new Map<string, number>();
  const repeated = new Set<string>();
  ids.forEach((id, i) => (place.has(id) ? repeated.add(id) : place.set(id, i)));
  const latest = new Map<string, number>();
  const overtaken: string[] = [];
  const missing: string[] = [];
  for (const event of [...sent].sort((a, b) => a.seq - b.seq)) {
    const id = canaryMessageId(event);
    const at = place.get(id);
    if (at === undefined) {
      missing.push(id);
      continue;
    }
    const before = latest.get(event.user) ?? -1;
    if (at < before) overtaken.push(id);
    latest.set(event.user, Math.max(before, at));
  }
  return { missing, repeated: [...repeated], overtaken };
};

/** @throws CommandFailure when the pipeline has no such stage */
export const stageOf = (stages: readonly StageStatus[], id: string = CANARY): StageStatus => {
  const stage = stages.find((one) => one.id === id);
  if (stage === undefined)
    throw new CommandFailure(`the pipeline's status has no stage ${JSON.stringify(id)}`);
  return stage;
};

export const canaryStage = async ({ ask }: Pick<World, 'ask'>): Promise<StageStatus> =>
  stageOf((await ask({ command: 'status' })).stages);

export const LOST =
  'look where they are: npx sluice parked canary, npx sluice rejected canary; a transform of the pipeline must return the events of the source canary as they are';
