/** How the time grows when there is ten times as much: ten times is linear. */
import { drainBacklog } from './backlog.ts';
import type { ParkedUsers } from './parked.ts';
import { complete, send, withPipeline, type Load, type Pipeline } from './pipeline.ts';

export interface Growth {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Of each. */
  readonly seconds: readonly [number, number];
  readonly ratio: number;
}

const FACTOR = 10;
const WARM_UP_EVENTS = 1_000;
const CONNECTIONS = 8;
const BATCH = 20;

const load = (events: number, users: number): Load => ({
  events,
  users,
  connections: CONNECTIONS,
  batch: BATCH,
});

/** From the first request to the last arrival. */
const through = async (pipeline: Pipeline, size: Load): Promise<number> => {
  const { ledger, load: sent } = await send(pipeline, size);
  await complete(ledger, sent.endedAt);
  return (Math.max(sent.endedAt, ledger.lastArrival ?? 0) - sent.beganAt) / 1_000;
};

const growth = (name: string, from: number, seconds: readonly [number, number]): Growth => ({
  name,
  from,
  to: from * FACTOR,
  seconds,
  ratio: seconds[1] / seconds[0],
});

/** @param events the smaller number */
export const measureGrowth = (events: number, print: (line: string) => void): Promise<readonly Growth[]> =>
  withPipeline(0, async (pipeline) => {
    const users = Math.max(CONNECTIONS, Math.round(events / FACTOR));
    await through(pipeline, load(WARM_UP_EVENTS, users));
    print(`growth: ${events} and ${events * FACTOR} events ...`);
    const few = await through(pipeline, load(events, users));
    const many = await through(pipeline, load(events * FACTOR, users));
    print(`growth: ${users} and ${users * FACTOR} users ...`);
    const fewUsers = await through(pipeline, load(events, users));
    const manyUsers = await through(pipeline, load(events, users * FACTOR));
    print(`growth: a backlog of ${events} and ${events * FACTOR} events ...`);
    const short = await drainBacklog(pipeline, load(events, users));
    const long = await drainBacklog(pipeline, load(events * FACTOR, users));
    return [
      growth('events', events, [few, many]),
      growth('users', users, [fewUsers, manyUsers]),
      growth('backlog, from its first arrival', events, [short.begun, long.begun]),
    ];
  });

export const parkedGrowth = ([few, many]: readonly [ParkedUsers, ParkedUsers]): Growth =>
  growth('parked users, from the first arrival', few.users, [few.drain.seconds, many.drain.seconds]);
