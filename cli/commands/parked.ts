import type { Command } from 'commander';
import type { ParkedPage, Person } from '../../contract/operator-views.ts';
import { examples, orderKey, whole } from '../arguments.ts';
import type { Ask } from '../client.ts';
import { readPages } from '../pages.ts';
import {
  addPersonOptions,
  findAll,
  parkedKeyOf,
  parkedKeysOf,
  personOf,
  refuseWithPerson,
  type PersonOptions,
} from '../person.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { parkedText, retryText, showText } from '../views/parked.ts';

const STAGE = "a destination's id, or router";

/** As much of what is parked as was asked for. */
export const readParked = async (
  ask: Ask,
  limit: number,
  { stage, cursor }: { readonly stage?: string | undefined; readonly cursor?: string | undefined } = {},
): Promise<ParkedPage> => {
  const { items, ...rest } = await readPages(limit, cursor, async (page) => {
    const { keys, ...next } = await ask({
      command: 'parked',
      ...(stage === undefined ? {} : { stage }),
      ...page,
    });
    return { items: keys, ...next };
  });
  return { keys: items, ...rest };
};

/** Each key of the user, one after another. */
const retryPerson = async (person: Person, stage: string | undefined, command: Command): Promise<void> => {
  const { ask, show, view } = await openSession(command);
  const found = await parkedKeysOf(ask, person, stage, view);
  let keys = 0;
  for (const one of found) keys += (await ask({ command: 'retry', stage: one.stage, key: one.key })).keys;
  show({ keys }, () => retryText({ keys }, view));
};

export const addParked = (program: Command): void => {
  addPersonOptions(addSessionOptions(program.command('parked')))
    .description('the users whose events are set aside: how many, since when, why')
    .argument('[stage]', STAGE)
    .option('-n, --limit <keys>', 'show at most this many keys', whole(1, 10_000), 50)
    .option('--cursor <cursor>', 'continue from the cursor of an earlier page')
    .addHelpText(
      'after',
      examples(
        'npx sluice parked',
        'npx sluice parked crm --limit 500 --json',
        'npx sluice parked --user ada',
      ),
    )
    .action(
      async (
        stage: string | undefined,
        { limit, cursor, ...options }: { limit: number; cursor?: string } & PersonOptions,
        command: Command,
      ) => {
        const person = personOf(options, command);
        if (person !== undefined) refuseWithPerson(command, ['limit', 'cursor']);
        const { ask, show, view } = await openSession(command);
        if (person !== undefined) {
          const { parked: keys } = await findAll(ask, person, { stage, kept: 'parked' });
          show({ keys }, () =>
            keys.length === 0 ? 'Nothing of this user is parked.' : parkedText({ keys }, view),
          );
          return;
        }
        const page = await readParked(ask, limit, { stage, cursor });
        show(page, () => parkedText(page, view));
      },
    );

  addPersonOptions(addSessionOptions(program.command('show')))
    .description('the parked messages of one key, oldest first, with their crashes')
    .argument('<stage>', STAGE)
    .argument('[key]', 'as `parked` shows it; or name the user', orderKey)
    .option('--content', "show the events' content as well: it is the users' data")
    .option('-n, --limit <messages>', 'show at most this many messages', whole(1, 200), 10)
    .addHelpText(
      'after',
      examples('npx sluice show router 4vUkAaZr1k...', 'npx sluice show router --user ada --content'),
    )
    .action(
      async (
        stage: string,
        key: string | undefined,
        { content = false, limit, ...options }: { content?: boolean; limit: number } & PersonOptions,
        command: Command,
      ) => {
        const person = personOf(options, command);
        if ((key === undefined) === (person === undefined))
          return command.error('error: name a key, or the user with --user or --anonymous-id', {
            exitCode: 2,
          });
        const { ask, show, view } = await openSession(command);
        const named = key ?? (await parkedKeyOf(ask, person ?? {}, stage, view));
        const found = await ask({ command: 'show', stage, key: named, content, limit });
        show(found, () => showText(found, view));
      },
    );

  addPersonOptions(addSessionOptions(program.command('retry')))
    .description('put parked messages back now, oldest first: one key, a stage, or all')
    .argument('[stage]', STAGE)
    .argument('[key]', 'as `parked` shows it; without it every key of the stage', orderKey)
    .option('--all', 'every key of every stage')
    .addHelpText(
      'after',
      examples(
        'npx sluice retry router 4vUkAaZr1k...',
        'npx sluice retry --user ada',
        'npx sluice retry crm',
        'npx sluice retry --all',
      ),
    )
    .action(
      async (
        stage: string | undefined,
        key: string | undefined,
        { all = false, ...options }: { all?: boolean } & PersonOptions,
        command: Command,
      ) => {
        const person = personOf(options, command);
        if (person !== undefined) {
          if (all || key !== undefined)
            command.error('error: give a user, a key or --all, and one of them alone', { exitCode: 2 });
          await retryPerson(person, stage, command);
          return;
        }
        if (stage === undefined && !all) {
          command.error('error: name a stage, or give --all for every key of every stage', { exitCode: 2 });
        }
        if (stage !== undefined && all) {
          command.error('error: give either a stage or --all', { exitCode: 2 });
        }
        const { ask, show, view } = await openSession(command);
        const result = await ask({
          command: 'retry',
          ...(stage === undefined ? {} : { stage }),
          ...(key === undefined ? {} : { key }),
        });
        show(result, () => retryText(result, view));
      },
    );
};
