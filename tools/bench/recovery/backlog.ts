/** A backlog against live traffic: how fast each goes, in one local run. */
import {
  complete,
  hold,
  resume,
  routed,
  send,
  STAGE,
  withPipeline,
  type Load,
  type Pipeline,
} from './pipeline.ts';

export interface Backlog {
  readonly events: number;
  /** Events a second that a closed loop of connections gets accepted, while they are forwarded. */
  readonly live: number;
  /** The same until the last has arrived. */
  readonly liveEndToEnd: number;
  /** Events a second of the backlog, from the request to let the stage forward again to the last arrival. */
  readonly drained: number;
  /** The same from the first arrival. */
  readonly drainedOnceBegun: number;
  /** Events a second of a backlog in the queue of a destination of 80 ms, from the first arrival: one event in a request, and up to 20. */
  readonly slow: readonly [single: number, batch: number];
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
  stage = 'router',
): Promise<{ readonly whole: number; readonly begun: number }> => {
  await hold(pipeline, stage);
  const { ledger } = await send(pipeline, size);
  // Each event is of another user than its neighbours: a message of its own.
  if (stage === STAGE) await routed(pipeline, size.events);
  if (ledger.firstArrival !== undefined) throw new Error('a stage that is held has forwarded events');
  const from = await resume(pipeline, stage);
  await complete(ledger, from, QUIET_MS);
  const [first = from, last = from] = [ledger.firstArrival, ledger.lastArrival];
  return { whole: (last - from) / 1_000, begun: (last - first) / 1_000 };
};

const SLOW_MS = 80;
/** Ten messages of each user: as many as an invocation gets. */
const SLOW: Load = { events: 2_000, users: 200, connections: 8, batch: 20 };

/** @param batch the most events in a request */
const slowly = (batch: number): Promise<number> =>
  withPipeline(
    SLOW_MS,
    async (pipeline) => {
      const warm = await send(pipeline, { ...SLOW, events: SLOW.users });
      await complete(warm.ledger, warm.load.endedAt);
      return SLOW.events / (await drainBacklog(pipeline, SLOW, STAGE)).begun;
    },
    batch,
  );

export const measureBacklog = async (events: number): Promise<Backlog> => ({
  ...(await throughBoth(events)),
  slow: [await slowly(1), await slowly(20)],
});

const throughBoth = (events: number): Promise<Omit<Backlog, 'slow'>> =>
  withPipeline(0, async (pipeline) => {
    const warm = await send(pipeline, load(WARM_UP_EVENTS));
    await complete(warm.ledger, warm.load.endedAt);
    const live = await send(pipeline, load(events));
    await complete(live.ledger, live.load.endedAt);
    const { beganAt, endedAt } = live.load;
    const { whole, begun } = await drainBacklog(pipeline, load(events));
    return {
      events,
      live: events / ((endedAt - beganAt) / 1_000),
      liveEndToEnd: events / ((Math.max(endedAt, live.ledger.lastArrival ?? 0) - beganAt) / 1_000),
      drained: events / whole,
      drainedOnceBegun: events / begun,
    };
  });
