/** How the time grows when there is ten times as much: ten times is linear. */
import { TreeMeter } from '../process-tree.ts';
import { median } from '../sandbox/median.ts';
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
  /** The same of the processor time, which other work on the machine changes less. Undefined where it is not known. */
  readonly cpuRatio?: number | undefined;
}

/** What an amount took. */
interface Took {
  readonly seconds: number;
  /** Of the local run and all its functions. */
  readonly cpuSeconds: number | undefined;
}

const FACTOR = 10;
const WARM_UP_EVENTS = 1_000;
const CONNECTIONS = 8;
const BATCH = 20;
const USERS = 1_000;
const SMALL_ROUNDS = 3;

const load = (events: number, users: number): Load => ({
  events,
  users,
  connections: CONNECTIONS,
  batch: BATCH,
});

const metered = async (pipeline: Pipeline, measure: () => Promise<number>): Promise<Took> => {
  const meter = await TreeMeter.start([pipeline.run.pid]);
  const seconds = await measure();
  return { seconds, cpuSeconds: (await meter.stop())?.cpuSeconds };
};

/** From the first request to the last arrival. */
const through = (pipeline: Pipeline, size: Load): Promise<Took> =>
  metered(pipeline, async () => {
    const { ledger, load: sent } = await send(pipeline, size);
    await complete(ledger, sent.endedAt);
    return (Math.max(sent.endedAt, ledger.lastArrival ?? 0) - sent.beganAt) / 1_000;
  });

const growth = (name: string, from: number, few: Took, many: Took): Growth => ({
  name,
  from,
  to: from * FACTOR,
  seconds: [few.seconds, many.seconds],
  ratio: many.seconds / few.seconds,
  cpuRatio:
    few.cpuSeconds === undefined || many.cpuSeconds === undefined
      ? undefined
      : many.cpuSeconds / few.cpuSeconds,
});

/** The smaller amount is soon done: the median of some. */
const medianOf = async (measure: () => Promise<Took>): Promise<Took> => {
  const all: Took[] = [];
  for (let round = 0; round < SMALL_ROUNDS; round += 1) all.push(await measure());
  const cpu = all.flatMap(({ cpuSeconds }) => cpuSeconds ?? []);
  return {
    seconds: median(all.map(({ seconds }) => seconds)),
    cpuSeconds: cpu.length < all.length ? undefined : median(cpu),
  };
};

/** @param events the smaller number */
export const measureGrowth = (events: number, print: (line: string) => void): Promise<readonly Growth[]> =>
  withPipeline(0, async (pipeline) => {
    await through(pipeline, load(WARM_UP_EVENTS, USERS));
    print(`growth: ${events} and ${events * FACTOR} events ...`);
    const few = await medianOf(() => through(pipeline, load(events, USERS)));
    const many = await through(pipeline, load(events * FACTOR, USERS));
    print(`growth: ${USERS / FACTOR} and ${USERS} users ...`);
    const fewUsers = await medianOf(() => through(pipeline, load(events, USERS / FACTOR)));
    const manyUsers = await medianOf(() => through(pipeline, load(events, USERS)));
    print(`growth: a backlog of ${events} and ${events * FACTOR} events ...`);
    const backlog = (size: number, users: number): Promise<Took> =>
      metered(pipeline, async () => (await drainBacklog(pipeline, load(size, users))).begun);
    const short = await medianOf(() => backlog(events, USERS));
    const long = await backlog(events * FACTOR, USERS);
    const ofMany = await backlog(events * FACTOR, USERS * FACTOR);
    return [
      growth('events', events, few, many),
      growth('users', USERS / FACTOR, fewUsers, manyUsers),
      growth('backlog, from its first arrival', events, short, long),
      growth('backlog of ten times as many users', events, short, ofMany),
    ];
  });

export const parkedGrowth = ([few, many]: readonly [ParkedUsers, ParkedUsers]): Growth =>
  growth('parked users, from the first arrival', few.users, took(few), took(many));

const took = ({ drain }: ParkedUsers): Took => ({ seconds: drain.seconds, cpuSeconds: undefined });
