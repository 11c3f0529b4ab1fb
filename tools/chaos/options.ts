/** The command line. */
import { Command, InvalidArgumentError } from 'commander';

export interface Options {
  readonly kills: number;
  readonly seed: number;
  readonly users: number;
  /** How long the rest may take, after the last kill and the fix. */
  readonly patienceMs: number;
  readonly json: boolean;
}

interface Flags {
  readonly kills: number;
  readonly seed?: number;
  readonly users: number;
  readonly patience: number;
  readonly json?: true;
}

const whole = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Use a whole number from ${min} to ${max}.`);
};

/**
 * Ends the process, after a line that says why, when the command line is wrong or asks for help.
 * @param newSeed for a run that names none
 */
export const parseOptions = (argv: readonly string[], newSeed: () => number): Options => {
  const program = new Command('chaos')
    .description(
      'Kills the local run with SIGKILL, again and again, under load, and then counts what was lost, what came twice, and ' +
        'what came in the wrong order. A seed decides what is killed and when, but not what the machine does in between.',
    )
    .option('-k, --kills <n>', 'how often', whole(1, 10_000), 20)
    .option('-s, --seed <n>', 'decides the kills and the load; default: a random one', whole(0, 2 ** 32 - 1))
    .option('-u, --users <n>', 'users, whose events are in order', whole(1, 1_000), 200)
    .option(
      '-p, --patience <s>',
      'seconds that the rest may take after the last kill',
      whole(10, 7_200),
      1_800,
    )
    .option('--json', 'the result as JSON; progress goes to stderr')
    .parse(argv, { from: 'user' });
  const { kills, seed, users, patience, json = false } = program.opts<Flags>();
  return { kills, seed: seed ?? newSeed(), users, patienceMs: patience * 1_000, json };
};
