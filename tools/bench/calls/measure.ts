/** Runs each shape of load on a local run, and counts what its functions ask of AWS. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from '../../driver/ledger.ts';
import type { LocalRun } from '../../driver/local-run.ts';
import { Receiver } from '../../driver/receiver.ts';
import { until } from '../../driver/until.ts';
import { closing } from '../closing.ts';
import { sendLoad } from '../load.ts';
import { newLocalRun, whileUp, WRITE_KEY } from '../local-run.ts';
import { arrivals, pathsOf } from '../measure.ts';
import { callsOfEvents, costOfEvents, costOfIdle, type CostRow } from './cost.ts';
import { preloadsFor, takeEgress, type Delivery } from './counted.ts';
import { readCounts, since, type Counts } from './counts.ts';
import { PRICES } from './prices.ts';
import { readBilled } from './template.ts';

/** A shape of load. */
export interface Shape {
  readonly name: string;
  readonly about: string;
  readonly batch: number;
  readonly usersPerRequest: number;
  /** Of the destination. */
  readonly destinationBatch: number;
}

export const SHAPES: readonly Shape[] = [
  {
    name: 'server',
    about: 'batches of 20 events of 20 users',
    batch: 20,
    usersPerRequest: 20,
    destinationBatch: 1,
  },
  {
    name: 'mobile',
    about: 'batches of 20 events of one user',
    batch: 20,
    usersPerRequest: 1,
    destinationBatch: 1,
  },
  {
    name: 'mobile, batch',
    about: 'the same, to a destination with `batch: 20`',
    batch: 20,
    usersPerRequest: 1,
    destinationBatch: 20,
  },
  { name: 'single', about: 'one event in a request', batch: 1, usersPerRequest: 1, destinationBatch: 1 },
];

export interface ShapeCost {
  readonly shape: string;
  readonly about: string;
  readonly delivery: Delivery;
  readonly calls: readonly { readonly name: string; readonly calls: number }[];
  readonly rows: readonly CostRow[];
  readonly lost: number;
  readonly outOfOrder: number;
}

export interface IdleCost {
  readonly destinations: number;
  readonly rows: readonly CostRow[];
  /** Of control, in the time that was looked at. */
  readonly runs: number;
  readonly metrics: readonly string[];
}

/** As the cost table of docs/operating.md assumes it. */
const ANSWER_MS = 60;
const CONNECTIONS = 8;
/** Of each function: they mostly wait for the destination. */
const CONCURRENCY = 10;
const USERS = 1_000;
/** A run's first invocations load code. */
const WARM_UP_EVENTS = 200;
/** The counter writes every 200 ms, and what a function does behind its answer ends within that. */
const SETTLE_MS = 1_000;

/** Between two runs of control, so that some of them are seen soon. */
const IDLE_CONTROL_SECONDS = 10;
const IDLE_RUNS = 4;

const started = async <T>(
  { destinations = 1, batch }: { readonly destinations?: number; readonly batch: number },
  delivery: Delivery,
  env: Readonly<Record<string, string>>,
  work: (run: LocalRun, receiver: Receiver) => Promise<T>,
): Promise<T> => {
  const receiver = await Receiver.start();
  return closing(
    () => receiver.close(),
    () => {
      receiver.answer('/0', { status: 200, delay: ANSWER_MS });
      const settings = batch === 1 ? {} : { batch };
      const run = newLocalRun(
        { destinations: pathsOf(destinations).map((path) => receiver.url(path)), settings },
        { preload: preloadsFor(delivery), env },
      );
      return whileUp(run, () => work(run, receiver));
    },
  );
};

const send = async (run: LocalRun, receiver: Receiver, shape: Shape, events: number) => {
  const ledger = new Ledger(1);
  receiver.watch(['/0'], (destination, messageId, at) => {
    ledger.arrive(destination, messageId, at);
  });
  const scenario = { ...shape, gzip: false, pace: undefined };
  const size = { connections: CONNECTIONS, users: USERS, events, seconds: undefined };
  const target = { dataPlaneUrl: run.dataPlaneUrl, writeKey: WRITE_KEY };
  const { requests, endedAt } = await sendLoad(scenario, size, { target, ledger });
  await arrivals(ledger, endedAt);
  await sleep(SETTLE_MS);
  return { requests, verdict: ledger.verdict() };
};

export const measureShape = (shape: Shape, delivery: Delivery, events: number): Promise<ShapeCost> => {
  const env = { SLUICE_CONCURRENCY: String(CONCURRENCY) };
  return started({ batch: shape.destinationBatch }, delivery, env, async (run, receiver) => {
    await send(run, receiver, shape, WARM_UP_EVENTS);
    takeEgress(receiver);
    const before = await readCounts(run.dataDir);
    const { requests, verdict } = await send(run, receiver, shape, events);
    const counts = since(before, await readCounts(run.dataDir));
    const egressBytes = takeEgress(receiver);
    const counted = { events, requests, counts, egressBytes };
    const billed = await readBilled(join(run.dataDir, 'cdk.out'));
    return {
      shape: shape.name,
      about: shape.about,
      delivery,
      calls: callsOfEvents(counted, billed),
      rows: costOfEvents(counted, billed, PRICES),
      lost: verdict.lost,
      outOfOrder: verdict.outOfOrder,
    };
  });
};

const runsOf = ({ functions }: Counts, control: string): number =>
  functions.find(({ name }) => name === control)?.invocations ?? 0;

export const measureIdle = (destinations: number): Promise<IdleCost> =>
  started(
    { destinations, batch: 1 },
    'busy',
    { SLUICE_CONTROL_SECONDS: String(IDLE_CONTROL_SECONDS) },
    async (run) => {
      const billed = await readBilled(join(run.dataDir, 'cdk.out'));
      // The first runs write down what a start changes.
      const atLeast = (runs: number): Promise<Counts> =>
        until(
          `${runs} runs of control`,
          async () => {
            const counts = await readCounts(run.dataDir);
            return runsOf(counts, billed.control) >= runs ? counts : undefined;
          },
          { deadlineMs: 4 * runs * IDLE_CONTROL_SECONDS * 1_000, pollMs: 100 },
        );
      const first = await atLeast(2);
      await sleep(SETTLE_MS);
      const before = await readCounts(run.dataDir);
      await atLeast(runsOf(first, billed.control) + IDLE_RUNS);
      await sleep(SETTLE_MS);
      const counts = since(before, await readCounts(run.dataDir));
      return {
        destinations,
        rows: costOfIdle({ counts }, billed, PRICES),
        runs: runsOf(counts, billed.control),
        metrics: counts.metrics.filter(({ from }) => from === billed.control).map(({ name }) => name),
      };
    },
  );
