/** The command line as a whole: which commands there are, and how they are explained. */
import { Command, type Argument } from 'commander';
import { printable } from '../local/common/terminal.ts';
import { sluiceVersion } from '../contract/version.ts';
import { addAdopt } from './commands/adopt.ts';
import { addCheck } from './commands/check.ts';
import { addConsole } from './commands/console.ts';
import { addDev } from './commands/dev.ts';
import { addDestinations } from './commands/destinations.ts';
import { addDiscard } from './commands/discard.ts';
import { addDoctor } from './commands/doctor.ts';
import { addErase } from './commands/erase.ts';
import { addExplain } from './commands/explain.ts';
import { addFind } from './commands/find.ts';
import { addHold } from './commands/hold.ts';
import { addInit } from './commands/init.ts';
import { addLocal } from './commands/local.ts';
import { addParked } from './commands/parked.ts';
import { addPlan } from './commands/plan.ts';
import { addRejected } from './commands/rejected.ts';
import { addReplay } from './commands/replay.ts';
import { addReport } from './commands/report.ts';
import { addSend } from './commands/send.ts';
import { addStatus } from './commands/status.ts';
import { addVerify } from './commands/verify.ts';

const argumentTerm = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

/** Throws commander's `CommanderError` where commander would exit. */
export const buildProgram = (): Command => {
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
  addInit(program);
  addDev(program);
  addSend(program);
  addStatus(program);
  addConsole(program);
  addHold(program);
  addParked(program);
  addDiscard(program);
  addRejected(program);
  addFind(program);
  addErase(program);
  addReplay(program);
  addAdopt(program);
  addReport(program);
  addCheck(program);
  addExplain(program);
  addDestinations(program);
  addPlan(program);
  addVerify(program);
  addDoctor(program);
  addLocal(program);
  return program;
};
