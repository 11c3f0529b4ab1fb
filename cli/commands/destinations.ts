/** `sluice destinations`: what Segment's catalogue has, and how a destination of it is configured. */
import { configPath } from '../../config/load.ts';
import { describeDestination, listDestinations } from '../../config/catalogue/described.ts';
import { CATALOGUE_PACKAGE, openLibrary } from '../../config/catalogue/library.ts';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { examples } from '../arguments.ts';
import { CommandFailure } from '../failure.ts';
import { colors, print, printJson } from '../terminal.ts';
import { describedText, listText } from '../views/destinations.ts';

interface Options {
  readonly json?: boolean;
}

const destinations = (name: string | undefined, { json = false }: Options): void => {
  const library = openLibrary(dirname(configPath()));
  if (library === undefined) {
    const fix = `npm install ${CATALOGUE_PACKAGE}`;
    throw new CommandFailure(`the package ${CATALOGUE_PACKAGE} is not installed; ${fix}`);
  }
  const isKnown = name === undefined || library.names.includes(name);
  // A part of a name is a search.
  const described = name !== undefined && isKnown ? describeDestination(name, library) : undefined;
  if (described !== undefined) {
    if (json) printJson(described);
    else print(describedText(described, { colors }));
    return;
  }
  const found = listDestinations(library, isKnown ? '' : name);
  if (found.length === 0)
    throw new CommandFailure(
      `the catalogue has nothing like ${JSON.stringify(name)}; npx sluice destinations lists all`,
    );
  if (json) printJson({ version: library.version, destinations: found });
  else print(listText(found, library.version, { colors }));
};

export const addDestinations = (program: Command): void => {
  program
    .command('destinations')
    .description(
      "list the destinations of Segment's catalogue, or explain one: its settings, actions and presets",
    )
    .argument('[name]', 'the name of a destination, or a part of it')
    .option('--json', 'print the result as JSON, for programs')
    .addHelpText(
      'after',
      examples(
        'npx sluice destinations',
        'npx sluice destinations amplitude',
        'npx sluice destinations google --json',
      ),
    )
    .action(destinations);
};
