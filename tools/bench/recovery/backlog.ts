/** A backlog against live traffic: how fast each goes, in one local run. */
import { complete, hold, resume, send, withPipeline, type Load, type Pipeline } from './pipeline.ts';

export interface Backlog {
  readonly events: number;
  /** The most events in a request to the destination. */
  readonly batch: number;
  /** Events a second that a closed loop of connections gets accepted, while they are forwarded. */
  readonly live: number;
  /** The same until the last has arrived. */
  readonly liveEndToEnd: number;
  /** Events a second of the backlog, from the request to let the stage forward again to the last arrival. */
  readonly drained: number;
  /** The same from the first arrival. */
  readonly drainedOnceBegun: number;
}

const WARM_UP_EVENTS = 1_000;
const USERS = 1_000;
/** A stage that has just been let go looks at its queue within a minute at most. */
export const QUIET_MS = 150_000;

const load = (events: number): Load => ({ events, users: USERS, connections: 8, batch: 20 });

/** @returns seconds from the resume, and from the first arrival, to the last */
export const drainBacklog = async (
  pipeline: Pipeline,
  size: Load,
): Promise<{ readonly whole: number; readonly begun: number }> => {
  await hold(pipeline, 'router');
  const { ledger } = await send(pipeline, size);
  if (ledger.firstArrival !== undefined) throw new Error('a stage that is held has forwarded events');
  const from = await resume(pipeline, 'router');
  await complete(ledger, from, QUIET_MS);
  const [first = from, last = from] = [ledger.firstArrival, ledger.lastArrival];
  return { whole: (last - from) / 1_000, begun: (last - first) / 1_000 };
};

export const measureBacklog = (events: number, batch: number): Promise<Backlog> =>
  withPipeline(0, (pipeline) => measure(pipeline, events, batch), batch);

const measure = async (pipeline: Pipeline, events: number, batch: number): Promise<Backlog> => {
  const warm = await send(pipeline, load(WARM_UP_EVENTS));
  await complete(warm.ledger, warm.load.endedAt);
  const live = await send(pipeline, load(events));
  await complete(live.ledger, live.load.endedAt);
  const { beganAt, endedAt } = live.load;
  const { whole, begun } = await drainBacklog(pipeline, load(events));
  return {
    events,
    batch,
    live: events / ((endedAt - beganAt) / 1_000),
    liveEndToEnd: events / ((Math.max(endedAt, live.ledger.lastArrival ?? 0) - beganAt) / 1_000),
    drained: events / whole,
    drainedOnceBegun: events / begun,
  };
};
