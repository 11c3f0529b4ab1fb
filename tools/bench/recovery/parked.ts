/** Parked users: how fast they are drained, and how long the command line takes to show them. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { median } from '../sandbox/median.ts';
import { QUIET_MS } from './backlog.ts';
import { parkUsers, type Parked } from './parking.ts';
import { complete, hold, resume, STAGE, statusOf, watch, withPipeline, type Pipeline } from './pipeline.ts';

export interface Drain extends Parked {
  /** From the first to the last arrival. */
  readonly seconds: number;
  readonly messagesPerSecond: number;
  /** From the request to let the stage forward again to the first arrival. */
  readonly secondsToBegin: number;
}

export interface CommandTime {
  readonly name: string;
  /** From its start to its end. */
  readonly seconds: number;
  /** Without what `npx sluice --help` takes. */
  readonly ownSeconds: number;
}

export interface ParkedUsers {
  readonly users: number;
  /** As many as control reports. */
  readonly shown: number;
  readonly commands: readonly CommandTime[];
  readonly drain: Drain;
}

/** An ordinary destination. */
const ANSWER_MS = 80;
const COMMAND_ROUNDS = 5;
/** The parked users' stage is held: it must not begin before all of them are. */
const parkHeld = async (pipeline: Pipeline, parked: Parked) => {
  await hold(pipeline, STAGE);
  const ledger = watch(pipeline.receiver);
  await parkUsers(pipeline.run, parked, ledger);
  return ledger;
};

type Held = Awaited<ReturnType<typeof parkHeld>>;

const drain = async (pipeline: Pipeline, parked: Parked, ledger: Held): Promise<Drain> => {
  if (ledger.firstArrival !== undefined) throw new Error('a stage that is held has delivered');
  const from = await resume(pipeline, STAGE);
  await complete(ledger, from, QUIET_MS);
  const [first = from, last = from] = [ledger.firstArrival, ledger.lastArrival];
  const seconds = (last - first) / 1_000;
  return {
    ...parked,
    seconds,
    messagesPerSecond: (parked.users * parked.messages) / seconds,
    secondsToBegin: (first - from) / 1_000,
  };
};

/** A destination that takes 80 ms. */
export const measureDrains = (sizes: readonly Parked[]): Promise<readonly Drain[]> =>
  withPipeline(ANSWER_MS, async (pipeline) => {
    const drains: Drain[] = [];
    for (const parked of sizes) drains.push(await drain(pipeline, parked, await parkHeld(pipeline, parked)));
    return drains;
  });

const timed = async ({ run }: Pipeline, ...args: string[]): Promise<number> => {
  const start = performance.now();
  const { code, stdout, stderr } = await run.sluice(...args);
  if (code !== 0) throw new Error(`npx sluice ${args.join(' ')}: ${stdout}${stderr}`);
  return (performance.now() - start) / 1_000;
};

const commandTimes = async (pipeline: Pipeline): Promise<readonly CommandTime[]> => {
  const output = join(pipeline.run.dir, 'report.json');
  const commands: Readonly<Record<string, readonly string[]>> = {
    '--help': ['--help'],
    status: ['status'],
    parked: ['parked'],
    report: ['report', '--output', output, '--force'],
  };
  const times = new Map<string, number[]>();
  for (let round = 0; round < COMMAND_ROUNDS; round += 1)
    for (const [name, args] of Object.entries(commands))
      times.set(name, [...(times.get(name) ?? []), await timed(pipeline, ...args)]);
  await rm(output, { force: true });
  const [base = 0] = [...times.values()].map(median);
  return [...times].map(([name, all]) => ({ name, seconds: median(all), ownSeconds: median(all) - base }));
};

/** Of one message each, for a destination that answers immediately. Each number has a local run of its own. */
export const measureParked = (users: number): Promise<ParkedUsers> =>
  withPipeline(0, async (pipeline) => {
    const parked = { users, messages: 1 };
    const ledger = await parkHeld(pipeline, parked);
    const { parkedKeys: shown } = await statusOf(pipeline, STAGE);
    const commands = await commandTimes(pipeline);
    return { users, shown, commands, drain: await drain(pipeline, parked, ledger) };
  });
