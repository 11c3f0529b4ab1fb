/** The command line. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { LoadSize } from './load.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { WORKS, type Work } from './costs/works.ts';

/** A scenario, and how much of it. */
export interface Plan {
  readonly scenario: Scenario;
  readonly size: LoadSize;
}

export interface Options {
  /** The scenarios over HTTP. */
  readonly plans: readonly Plan[];
  readonly works: readonly Work[];
  readonly measuresFloor: boolean;
  readonly measuresCold: boolean;
  /** Another checkout of Sluice, whose ingest is measured in turn with this one's. */
  readonly beside: string | undefined;
  readonly measuresSandbox: boolean;
  /** How often a transform's thread is ended. Undefined: it is not. */
  readonly ends: number | undefined;
}

interface Flags {
  readonly connections: number;
  readonly users: number;
  readonly batch?: number;
  readonly events?: number;
  readonly seconds?: number;
  readonly ends: number;
  readonly beside?: string;
  readonly scenario?: readonly string[];
}

const whole = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Use a whole number from ${min} to ${max}.`);
};

/** Those that need no pipeline. */
const FLOOR = {
  name: 'floor',
  about: 'ingest against JSON.parse and JSON.stringify of the same bytes, without and with its call to SQS',
};
const COLD = { name: 'cold', about: "a start of ingest's function against that of the bare SDK client" };
const SANDBOX = { name: 'sandbox', about: "the transform's thread: an event, a start, memory, a cold start" };
const ENDS = { name: 'ends', about: "the transform's thread is ended many times, and leaves nothing behind" };

const ALL = [...SCENARIOS, ...WORKS, FLOOR, COLD, SANDBOX, ENDS];
const list = ALL.map(({ name, about }) => `  ${name.padEnd(20)}${about}`).join('\n');

/** Ends the process, after a line that says why, when the command line is wrong or asks for help. */
export const parseOptions = (argv: readonly string[]): Options => {
  const program = new Command('bench')
    .description(
      'Measures the local run over HTTP, single pieces of work, and the sandbox of transforms. The figures are for comparing with one another: machines differ.',
    )
    .option('-c, --connections <n>', 'connections; each sends one request at a time', whole(1, 1_000), 10)
    .option('-u, --users <n>', 'users, whose events are in order', whole(1, 1_000_000), 1_000)
    .option('-b, --batch <n>', 'events in a batch, in scenarios that have batches', whole(2, 1_000))
    .option('-n, --events <n>', 'events in each scenario', whole(1, 10_000_000))
    .option('-s, --seconds <n>', 'stop sending after so long', whole(1, 86_400))
    .option(
      '--ends <n>',
      "how often the scenario `ends` ends a transform's thread",
      whole(10, 1_000_000),
      300,
    )
    .option(
      '--beside <directory>',
      'another checkout of Sluice, with its packages; `floor` and `cold` measure both in turn',
    )
    .addOption(new Option('--scenario <name...>', 'only these').choices(ALL.map(({ name }) => name)))
    .addHelpText('after', `\nScenarios:\n${list}\n`)
    .parse(argv, { from: 'user' });
  const flags = program.opts<Flags>();
  const { connections, users } = flags;
  if (users < connections) {
    program.error(
      `error: --users ${users} is less than --connections ${connections}: a user has one connection`,
    );
  }
  const isChosen = ({ name }: { readonly name: string }): boolean => flags.scenario?.includes(name) ?? true;
  const plans = SCENARIOS.filter(isChosen).map((scenario) => ({
    scenario: { ...scenario, batch: scenario.batch === 1 ? 1 : (flags.batch ?? scenario.batch) },
    size: {
      connections,
      users,
      // With a length of time only, it is the time that ends it.
      events: flags.events ?? (flags.seconds === undefined ? scenario.events : Infinity),
      seconds: flags.seconds,
    },
  }));
  return {
    plans,
    works: WORKS.filter(isChosen),
    measuresFloor: isChosen(FLOOR),
    measuresCold: isChosen(COLD),
    beside: flags.beside,
    measuresSandbox: isChosen(SANDBOX),
    ends: isChosen(ENDS) ? flags.ends : undefined,
  };
};
