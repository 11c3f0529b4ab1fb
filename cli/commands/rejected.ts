import type { Command } from 'commander';
import type { RejectedPage } from '../../contract/operator-views.ts';
import { examples, whole } from '../arguments.ts';
import type { Ask } from '../client.ts';
import { readPages } from '../pages.ts';
import { addPersonOptions, findAll, personOf, refuseWithPerson, type PersonOptions } from '../person.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { rejectedText } from '../views/rejected.ts';
import { addRejectedDelete } from './rejected-delete.ts';
import { addRejectedRetry } from './rejected-retry.ts';

export interface RejectedQuery {
  readonly stage?: string | undefined;
  readonly content?: boolean;
  /** A person reads the answer. */
  readonly seen?: boolean;
  readonly cursor?: string | undefined;
}

interface ListOptions extends PersonOptions {
  readonly limit: number;
  readonly content?: boolean;
  readonly cursor?: string;
  readonly json?: boolean;
}

/** As much of what was rejected as was asked for. */
export const readRejected = async (
  ask: Ask,
  limit: number,
  { stage, content = false, seen = false, cursor }: RejectedQuery = {},
): Promise<RejectedPage> => {
  let retention: number | undefined;
  const { items, ...rest } = await readPages(limit, cursor, async (page) => {
    const {
      events,
      retention: given,
      ...next
    } = await ask({
      command: 'rejected',
      ...(stage === undefined ? {} : { stage }),
      ...(content ? { content } : {}),
      ...(seen ? { seen } : {}),
      ...page,
    });
    retention = given;
    return { items: events, ...next };
  });
  return { events: items, ...(retention === undefined ? {} : { retention }), ...rest };
};

export const addRejected = (program: Command): void => {
  const rejected = program
    .command('rejected')
    .description('events that will not be delivered: those that were refused, and those discarded by hand');

  addPersonOptions(addSessionOptions(rejected.command('list', { isDefault: true })))
    .description('list them, with the reasons')
    .argument('[stage]', "ingest, router, or a destination's id")
    .option('--content', "show the events' content as well: it is the users' data")
    .option('-n, --limit <records>', 'show at most this many', whole(1, 10_000), 50)
    .option('--cursor <cursor>', 'continue from the cursor of an earlier page')
    .addHelpText(
      'after',
      examples(
        'npx sluice rejected list',
        'npx sluice rejected list crm --content --json',
        'npx sluice rejected list --user ada --source web',
      ),
    )
    .action(
      async (
        stage: string | undefined,
        { limit, json = false, content = false, cursor, ...options }: ListOptions,
        command: Command,
      ) => {
        const person = personOf(options, command);
        if (person !== undefined) refuseWithPerson(command, ['limit', 'cursor', 'content']);
        const { ask, show, view } = await openSession(command);
        if (person !== undefined) {
          const { rejected: events } = await findAll(ask, person, { stage, kept: 'rejected' });
          show({ events }, () =>
            events.length === 0
              ? 'Nothing of this user was rejected or discarded.'
              : rejectedText({ events }, view),
          );
          return;
        }
        // What goes to a program, nobody has seen.
        const page = await readRejected(ask, limit, { stage, content, seen: !json, cursor });
        show(page, () => rejectedText(page, view));
      },
    );

  addRejectedRetry(rejected);
  addRejectedDelete(rejected);
};
