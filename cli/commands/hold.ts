import type { Command } from 'commander';
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import { examples, words } from '../arguments.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { holdText, resumeText } from '../views/hold.ts';

const WHOLE = `a destination's id; without it the router, which is the whole pipeline`;

export const addHold = (program: Command): void => {
  addSessionOptions(program.command('hold'))
    .description('forward nothing until resumed; events are accepted and kept')
    .argument('[stage]', WHOLE)
    .option('-r, --reason <text>', 'why, for those who see it in the status', words, 'held by an operator')
    .addHelpText(
      'after',
      examples(
        'npx sluice hold                                  # the whole pipeline',
        'npx sluice hold crm --reason "moving to another CRM"',
        'npx sluice hold --stack Sluice',
      ),
    )
    .action(async (stage: string = ROUTER_STAGE, { reason }: { reason: string }, command: Command) => {
      const { ask, show, view } = await openSession(command);
      const held = await ask({ command: 'hold', stage, reason });
      show(held, () => holdText(held, view));
    });

  addSessionOptions(program.command('resume'))
    .description('end a hold; of a degraded stage: try again now')
    .argument('[stage]', WHOLE)
    .addHelpText('after', examples('npx sluice resume', 'npx sluice resume crm --stack Sluice'))
    .action(async (stage: string = ROUTER_STAGE, _: object, command: Command) => {
      const { ask, show, view } = await openSession(command);
      const resumed = await ask({ command: 'resume', stage });
      show(resumed, () => resumeText(resumed, view));
    });
};
