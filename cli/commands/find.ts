/** `find`: where events of a user are kept. */
import type { Command } from 'commander';
import { examples } from '../arguments.ts';
import { addPersonOptions, findAll, personOf, type PersonOptions } from '../person.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { findText } from '../views/find.ts';

export const addFind = (program: Command): void => {
  addPersonOptions(addSessionOptions(program.command('find')))
    .description('where events of a user are kept: parked, rejected or discarded, in every stage')
    .argument('[stage]', "a destination's id, router or ingest; without it, all of them")
    .addHelpText(
      'after',
      examples('npx sluice find --user ada', 'npx sluice find crm --user ada --source web --json'),
    )
    .action(async (stage: string | undefined, options: PersonOptions, command: Command) => {
      const person = personOf(options, command);
      if (person === undefined)
        return command.error('error: name the user with --user, --anonymous-id or both', { exitCode: 2 });
      const { ask, show, view } = await openSession(command);
      const found = await findAll(ask, person, { stage });
      show(found, () => findText(found, person, view));
    });
};
