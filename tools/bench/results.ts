/** Measures what was asked for, one thing after the other, and puts it together: figures for programs, tables for people. */
import { resolve } from 'node:path';
import { measureIdle, measureShape, SHAPES, type IdleCost, type ShapeCost } from './calls/measure.ts';
import { measureKinds, type KindCost } from './calls/measure-kinds.ts';
import { callsTable, costTable, idleTable, kindsTable } from './calls/report.ts';
import { measureWork, workTable, type WorkCost } from './costs/measure.ts';
import { measureCold, measureFloor } from './floor/measure.ts';
import { coldTable, floorTable, type ColdResult, type FloorResult } from './floor/report.ts';
import { localRun } from './local-run.ts';
import type { Measured } from './medians.ts';
import type { Options, Other } from './options.ts';
import { measureAll } from './over-http.ts';
import { peerSystem } from './peer.ts';
import { measureBacklog, type Backlog } from './recovery/backlog.ts';
import { measureGrowth, parkedGrowth, type Growth } from './recovery/growth.ts';
import { measureDrains, measureParked, type Drain, type ParkedUsers } from './recovery/parked.ts';
import { backlogTable, drainTable, growthTable, parkedTable } from './recovery/report.ts';
import { measureReplay, type Replayed } from './replay/measure.ts';
import { replayFaults, replayTable } from './replay/report.ts';
import {
  gitRevision,
  machineInfo,
  ratios,
  ratiosTable,
  resultsTable,
  systemRatios,
  type Ratio,
} from './report.ts';
import { growthOf } from './sandbox/growth.ts';
import { measureEnds, measureSandbox } from './sandbox/measure.ts';
import { costTable as sandboxTable, endsTable, speedTable, startsTable } from './sandbox/report.ts';
import { measureSend, sendTable, type SendCost } from './send/measure.ts';
import type { System } from './system.ts';

export interface Results {
  readonly startedAt: string;
  readonly machine: ReturnType<typeof machineInfo>;
  readonly git: Awaited<ReturnType<typeof gitRevision>>;
  readonly rounds: number;
  /** The medians of each scenario and system, and its rounds. */
  readonly results: readonly Measured[];
  readonly ratios: readonly Ratio[];
  /** Of this checkout to the other systems. */
  readonly systems: readonly Ratio[];
  readonly work: readonly {
    readonly name: string;
    readonly title: string;
    readonly costs: readonly WorkCost[];
  }[];
  readonly floor?: FloorResult;
  readonly cold?: ColdResult;
  readonly send?: readonly SendCost[];
  readonly backlog?: readonly Backlog[];
  readonly drain?: readonly Drain[];
  readonly growth?: readonly Growth[];
  readonly parked?: readonly ParkedUsers[];
  readonly replay?: readonly Replayed[];
  readonly calls?: readonly ShapeCost[];
  readonly kinds?: readonly KindCost[];
  readonly idle?: readonly IdleCost[];
  readonly sandbox?: Awaited<ReturnType<typeof measureSandbox>>;
  readonly ends?: Awaited<ReturnType<typeof measureEnds>>;
}

type Print = (line: string) => void;

const WORK_ROUNDS = 5;
const SEND_ROUNDS = 7;
/** Events of a shape whose calls are counted: each takes much longer when it has an invocation of its own. */
const CALLS_EVENTS = { busy: 1_000, 'one by one': 400 };
/** One user alone, and as many as a stage drains at the same time, twice. */
const DRAINS = [
  { users: 1, messages: 200 },
  { users: 20, messages: 50 },
];

const systemsOf = ({ beside, against }: Options): readonly System[] => [
  localRun('this'),
  ...(beside === undefined ? [] : [localRun('beside', resolve(beside))]),
  ...(against === undefined ? [] : [peerSystem(against)]),
];

const measureCalls = async (print: Print): Promise<readonly ShapeCost[]> => {
  const all: ShapeCost[] = [];
  for (const shape of SHAPES)
    for (const delivery of ['busy', 'one by one'] as const) {
      print(`calls: ${shape.name}, ${delivery}: ${shape.about} ...`);
      all.push(await measureShape(shape, delivery, CALLS_EVENTS[delivery]));
    }
  return all;
};

const measureOthers = async (options: Options, print: Print) => {
  const { others, beside, backlog, parked, replay, ends } = options;
  const when = async <T>(other: Other, work: () => Promise<T>): Promise<T | undefined> =>
    others.has(other) ? await work() : undefined;
  const said =
    <T>(line: string, work: () => Promise<T>) =>
    (): Promise<T> => {
      print(`${line} ...`);
      return work();
    };
  const found = {
    floor: await when('floor', () => measureFloor(beside, print)),
    cold: await when('cold', () => measureCold(beside, print)),
    send: await when(
      'send',
      said('send: SendMessageBatch', () => measureSend(SEND_ROUNDS)),
    ),
    backlog: await when(
      'backlog',
      said(`backlog: ${backlog} events`, async () => [await measureBacklog(backlog)]),
    ),
    drain: await when(
      'drain',
      said("drain: parked users' messages", () => measureDrains(DRAINS)),
    ),
    growth: await when('growth', () => measureGrowth(backlog, print)),
    parked: await when('parked', async () => {
      print(`parked: ${parked} users ...`);
      const few = await measureParked(parked);
      print(`parked: ${parked * 10} users ...`);
      return [few, await measureParked(parked * 10)] as const;
    }),
    replay: await when('replay', async () => [await measureReplay(replay, print)]),
    calls: await when('calls', () => measureCalls(print)),
    kinds: await when('kinds', () => measureKinds(print)),
    idle: await when(
      'idle',
      said("idle: control's runs", async () => [await measureIdle(1), await measureIdle(2)]),
    ),
    sandbox: await when('sandbox', () => measureSandbox(print)),
    ends: await when('ends', () => measureEnds(ends, print)),
  };
  const grown = [
    ...(found.growth ?? []),
    ...(found.parked === undefined ? [] : [parkedGrowth(found.parked)]),
  ];
  return { ...found, growth: grown.length === 0 ? undefined : grown };
};

const tablesOf = (results: Results): readonly string[] => {
  const made = <T>(value: T | undefined, table: (value: T) => string): readonly string[] =>
    value === undefined ? [] : [table(value)];
  const some = <T>(values: readonly T[], table: (values: readonly T[]) => string): readonly string[] =>
    values.length === 0 ? [] : [table(values)];
  return [
    ...some(results.results, resultsTable),
    ...some(results.ratios, ratiosTable),
    ...some(results.systems, ratiosTable),
    ...results.work.map(({ title, costs }) => workTable(title, costs)),
    ...made(results.floor, floorTable),
    ...made(results.cold, coldTable),
    ...made(results.send, sendTable),
    ...made(results.backlog, backlogTable),
    ...made(results.drain, drainTable),
    ...made(results.parked, parkedTable),
    ...made(results.growth, growthTable),
    ...made(results.replay, replayTable),
    ...made(results.calls, callsTable),
    ...made(results.calls, costTable),
    ...made(results.kinds, kindsTable),
    ...made(results.idle, idleTable),
    ...(results.sandbox === undefined
      ? []
      : [
          speedTable(results.sandbox.speed),
          startsTable(results.sandbox.starts),
          sandboxTable(results.sandbox),
        ]),
    ...made(results.ends, endsTable),
  ];
};

/** What a benchmark must not find. */
const faultsOf = ({ results, calls = [], ends, replay = [] }: Results): readonly string[] => [
  ...replayFaults(replay),
  ...([...results, ...calls].some(({ lost, outOfOrder }) => lost + outOfOrder > 0)
    ? ['Events were lost or out of order: a benchmark must not find that.']
    : []),
  ...growthOf(ends ?? []).map((line) => `Ends of a transform's thread leave something behind: ${line}.`),
];

/** @param directory of the checkout */
export const measureEverything = async (options: Options, directory: string, print: Print) => {
  const startedAt = new Date().toISOString();
  const machine = machineInfo();
  print(`${machine.cores} cores (${machine.cpu}), Node ${machine.node}, load ${machine.load.toFixed(1)}`);
  const measured = await measureAll(systemsOf(options), options.plans, options.rounds, print);
  const work = options.works.map(({ name, title, ways, calls }) => {
    print(`${name}: microseconds an event ...`);
    return { name, title, costs: measureWork(ways, calls, WORK_ROUNDS) };
  });
  const others = await measureOthers(options, print);
  const results: Results = {
    startedAt,
    machine,
    git: await gitRevision(directory),
    rounds: options.rounds,
    results: measured,
    ratios: ratios(measured),
    systems: systemRatios(measured),
    work,
    ...(Object.fromEntries(
      Object.entries(others).filter(([, value]) => value !== undefined),
    ) as Partial<Results>),
  };
  return { results, tables: tablesOf(results), faults: faultsOf(results) };
};
