/** The command line as a whole: which commands there are, and how they are explained. */
import { Command, type Argument } from 'commander';
import { printable } from '../local/common/terminal.ts';
import { sluiceVersion } from '../contract/version.ts';

const argumentTerm = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

interface CommandModule {
  readonly names: readonly string[];
  /** @returns what adds these commands to the program */
  readonly load: () => Promise<(program: Command) => void>;
}

/**
 * In the order of the help. A module is read when one of its commands is run: all of them together take most of a second, and
 * people wait for that at each command.
 */
const MODULES: readonly CommandModule[] = [
  { names: ['init'], load: async () => (await import('./commands/init.ts')).addInit },
  { names: ['dev'], load: async () => (await import('./commands/dev.ts')).addDev },
  { names: ['send'], load: async () => (await import('./commands/send.ts')).addSend },
  { names: ['status'], load: async () => (await import('./commands/status.ts')).addStatus },
  { names: ['console'], load: async () => (await import('./commands/console.ts')).addConsole },
  { names: ['hold', 'resume'], load: async () => (await import('./commands/hold.ts')).addHold },
  { names: ['parked', 'show', 'retry'], load: async () => (await import('./commands/parked.ts')).addParked },
  { names: ['discard'], load: async () => (await import('./commands/discard.ts')).addDiscard },
  { names: ['rejected'], load: async () => (await import('./commands/rejected.ts')).addRejected },
  { names: ['find'], load: async () => (await import('./commands/find.ts')).addFind },
  { names: ['erase'], load: async () => (await import('./commands/erase.ts')).addErase },
  { names: ['replay'], load: async () => (await import('./commands/replay.ts')).addReplay },
  { names: ['adopt'], load: async () => (await import('./commands/adopt.ts')).addAdopt },
  { names: ['report'], load: async () => (await import('./commands/report.ts')).addReport },
  { names: ['check'], load: async () => (await import('./commands/check.ts')).addCheck },
  { names: ['explain'], load: async () => (await import('./commands/explain.ts')).addExplain },
  { names: ['destinations'], load: async () => (await import('./commands/destinations.ts')).addDestinations },
  { names: ['plan'], load: async () => (await import('./commands/plan.ts')).addPlan },
  { names: ['verify'], load: async () => (await import('./commands/verify.ts')).addVerify },
  { names: ['doctor'], load: async () => (await import('./commands/doctor.ts')).addDoctor },
  { names: ['redeploy', 'listen'], load: async () => (await import('./commands/local.ts')).addLocal },
];

/** The modules that a command line needs: the one of the command that it names, or all of them, for the help and for a wrong name. */
const modulesFor = ([word]: readonly string[]): readonly CommandModule[] => {
  const named = MODULES.filter(({ names }) => word !== undefined && names.includes(word));
  return named.length === 0 ? MODULES : named;
};

/**
 * The program throws commander's `CommanderError` where commander would exit.
 * @param words the command line's, from the command's name on; without them it has every command
 */
export const buildProgram = async (words: readonly string[] = []): Promise<Command> => {
  const program = new Command('sluice')
    .description('Operates a Sluice pipeline: the local run, or with --stack <name> one on AWS.')
    .version(sluiceVersion())
    .exitOverride()
    // It quotes what it was given.
    .configureOutput({ writeErr: (text) => process.stderr.write(printable(text)) })
    .configureHelp({
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
    })
    .showHelpAfterError('(--help has the options and examples)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done; 1 refused, or failed; 2 wrong usage; 3 not normal (status --exit-code).',
    );
  for (const { load } of modulesFor(words)) (await load())(program);
  return program;
};
