/** The command line. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { LoadSize } from './load.ts';
import { parsePeerUrl, parseSink, type Peer } from './peer.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import type { Sink } from './system.ts';
import { WORKS, type Work } from './costs/works.ts';

/** A scenario, and how much of it. */
export interface Plan {
  readonly scenario: Scenario;
  readonly size: LoadSize;
}

/** What is measured without a scenario over HTTP, by name. */
const OTHERS = {
  floor: 'ingest against JSON.parse and JSON.stringify of the same bytes, without and with its call to SQS',
  cold: "a start of ingest's function against that of the bare SDK client",
  send: 'processor time of one SendMessageBatch against that of the bare SDK client',
  backlog: 'a backlog that is drained against live traffic',
  drain: "parked users' drain, with a destination that takes 80 ms",
  growth: 'ten times as many events, users, and events of a backlog',
  parked: 'ten times as many parked users, and the command line with them',
  calls: 'the calls of AWS for a million events, and their price',
  kinds: 'what each kind of destination, the archive and a replay add for a million events',
  idle: 'what an idle month costs',
  sandbox: "the transform's thread: an event, a start, memory, a cold start",
  ends: "the transform's thread is ended many times, and leaves nothing behind",
} as const;

export type Other = keyof typeof OTHERS;

export interface Options {
  /** The scenarios over HTTP. */
  readonly plans: readonly Plan[];
  readonly works: readonly Work[];
  readonly others: ReadonlySet<Other>;
  /** Of each scenario over HTTP, with each system in turn. */
  readonly rounds: number;
  /** Another checkout of Sluice, which is measured in turn with this one. */
  readonly beside: string | undefined;
  /** Another system, which is measured in turn with this one. */
  readonly against: Peer | undefined;
  /** How often a transform's thread is ended. */
  readonly ends: number;
  /** Events of a backlog, and the smaller number of `growth`. */
  readonly backlog: number;
  /** The smaller number of parked users. */
  readonly parked: number;
  /** Whether the tables of the documentation are written. A text: from the results in this file, and nothing is measured. */
  readonly writeDocs: boolean | string;
}

interface Flags {
  readonly connections?: number;
  readonly users: number;
  readonly batch?: number;
  readonly events?: number;
  readonly seconds?: number;
  readonly rounds?: number;
  readonly ends: number;
  readonly backlog: number;
  readonly parked: number;
  readonly beside?: string;
  readonly against?: string;
  readonly sink?: Sink;
  readonly writeKey?: string;
  readonly pids?: readonly number[];
  readonly writeDocs?: boolean | string;
  readonly scenario?: readonly string[];
}

const whole = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Use a whole number from ${min} to ${max}.`);
};

const ALL = [...SCENARIOS, ...WORKS, ...Object.entries(OTHERS).map(([name, about]) => ({ name, about }))];
const list = ALL.map(({ name, about }) => `  ${name.padEnd(20)}${about}`).join('\n');

/** As many as make a median that one disturbed round does not move. */
const ROUNDS_BESIDE_ANOTHER = 4;

const program = (): Command =>
  new Command('bench')
    .description(
      'Measures the local run over HTTP, single pieces of work, recovery, costs, and the sandbox of transforms. The figures are for comparing with one another: machines differ.',
    )
    .option(
      '-c, --connections <n>',
      'connections; each sends one request at a time (default: as the scenario has it)',
      whole(1, 1_000),
    )
    .option('-u, --users <n>', 'users, whose events are in order', whole(1, 1_000_000), 1_000)
    .option('-b, --batch <n>', 'events in a batch, in scenarios that have batches', whole(2, 1_000))
    .option('-n, --events <n>', 'events in each scenario', whole(1, 10_000_000))
    .option('-s, --seconds <n>', 'stop sending after so long', whole(1, 86_400))
    .option(
      '--rounds <n>',
      `rounds of each scenario, of which the medians are printed (default: 1, with another system ${ROUNDS_BESIDE_ANOTHER})`,
      whole(1, 1_000),
    )
    .option(
      '--ends <n>',
      "how often the scenario `ends` ends a transform's thread",
      whole(10, 1_000_000),
      300,
    )
    .option(
      '--backlog <n>',
      'events of a backlog; `growth` measures ten times as many as well',
      whole(100, 1_000_000),
      2_000,
    )
    .option('--parked <n>', 'parked users; ten times as many are measured as well', whole(10, 100_000), 500)
    .option(
      '--beside <directory>',
      'another checkout of Sluice, with its packages: `floor`, `cold` and the scenarios over HTTP measure both in turn',
    )
    .option(
      '--against <url>',
      "another system that takes RudderStack's HTTP API: scenarios with one destination and no transform measure both in turn",
      parsePeerUrl,
    )
    .option(
      '--sink <url>',
      'where the other system delivers to: the benchmark listens there (without it, only its answers are measured)',
      parseSink,
    )
    .option('--write-key <key>', "of the other system's source")
    .option(
      '--pids <n...>',
      "the other system's processes, if they are on this machine: the roots of their trees",
      (text: string, before: readonly number[] | undefined) => [...(before ?? []), whole(1, 4_194_304)(text)],
    )
    .option(
      '--write-docs [file]',
      'write the tables of the documentation from these results, or from those in a file, and then measure nothing',
    )
    .addOption(new Option('--scenario <name...>', 'only these').choices(ALL.map(({ name }) => name)))
    .addHelpText('after', `\nScenarios:\n${list}\n`);

/** @returns what is wrong with flags that each are right */
const conflictOf = ({ users, connections = 8, against, sink, writeKey, pids }: Flags): string | undefined => {
  if (users < connections)
    return `--users ${users} is less than --connections ${connections}: a user has one connection`;
  if (against === undefined) {
    const [alone] = [
      ...(sink === undefined ? [] : ['--sink']),
      ...(writeKey === undefined ? [] : ['--write-key']),
      ...(pids === undefined ? [] : ['--pids']),
    ];
    return alone === undefined ? undefined : `${alone} is of another system: give --against, too`;
  }
  return writeKey === undefined
    ? '--against needs --write-key: that of a source of the other system'
    : undefined;
};

/** Ends the process, after a line that says why, when the command line is wrong or asks for help. */
export const parseOptions = (argv: readonly string[]): Options => {
  const command = program().parse(argv, { from: 'user' });
  const flags = command.opts<Flags>();
  const conflict = conflictOf(flags);
  if (conflict !== undefined) command.error(`error: ${conflict}`);
  const { users, beside, against, writeKey = '', sink, pids = [] } = flags;
  const isChosen = (name: string): boolean => flags.scenario?.includes(name) ?? true;
  const plans = SCENARIOS.filter(({ name }) => isChosen(name)).map((scenario) => ({
    scenario: { ...scenario, batch: scenario.batch === 1 ? 1 : (flags.batch ?? scenario.batch) },
    size: {
      connections: Math.min(flags.connections ?? scenario.connections, users),
      users,
      // With a length of time only, it is the time that ends it.
      events: flags.events ?? (flags.seconds === undefined ? scenario.events : Infinity),
      seconds: flags.seconds,
    },
  }));
  const hasAnother = beside !== undefined || against !== undefined;
  return {
    plans,
    works: WORKS.filter(({ name }) => isChosen(name)),
    others: new Set(
      Object.keys(OTHERS)
        .filter(isChosen)
        .map((name) => name as Other),
    ),
    rounds: flags.rounds ?? (hasAnother ? ROUNDS_BESIDE_ANOTHER : 1),
    beside,
    against: against === undefined ? undefined : { url: against, writeKey, sink, pids },
    ends: flags.ends,
    backlog: flags.backlog,
    parked: flags.parked,
    writeDocs: flags.writeDocs ?? false,
  };
};
