/** `rejected delete`: one record by its id, or those of a stage that match. It counts first, and deletes only with --yes. */
import type { Command } from 'commander';
import { examples } from '../arguments.ts';
import type { Ask, RequestOf } from '../client.ts';
import { line, plain, plural } from '../format.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { personOf } from '../person.ts';
import { deleteOf, refuseOtherWays } from './rejected-person.ts';
import { addMatching, choice, stageOf, type Which } from './rejected-which.ts';

interface Deleted {
  readonly records: number;
  readonly events: number;
}

/** Page by page. */
const deleteAll = async (
  ask: Ask,
  which: Omit<RequestOf<'delete-rejected'>, 'command' | 'cursor'>,
): Promise<Deleted> => {
  const total = { records: 0, events: 0 };
  let cursor: string | undefined;
  do {
    const page = await ask({
      command: 'delete-rejected',
      ...which,
      ...(cursor === undefined ? {} : { cursor }),
    });
    total.records += page.records;
    total.events += page.events;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return total;
};

const text = ({ records, events }: Deleted, yes: boolean): string => {
  const of = `${plural(events, 'event')} of ${plural(records, 'record')}`;
  return yes ? `${of} deleted.` : `${of} would be deleted. Nothing was deleted. Add --yes to delete them.`;
};

export const addRejectedDelete = (rejected: Command): void => {
  addMatching(addSessionOptions(rejected.command('delete')))
    .description('delete the record of one, or of those of a stage that match, for good; discarded ones too')
    .option('-y, --yes', 'delete them; without it they are counted only')
    .addHelpText(
      'after',
      examples(
        "npx sluice rejected delete crm '9d4b6a0e-51c6-4f0e-8d0c-0f5d8a3a1f77:0:0' --yes",
        'npx sluice rejected delete --stage crm --until 90d',
        'npx sluice rejected delete --stage crm --until 90d --yes',
        'npx sluice rejected delete --user ada',
      ),
    )
    .action(
      async (
        first: string | undefined,
        id: string | undefined,
        { yes = false, ...which }: Which & { readonly yes?: boolean },
        command: Command,
      ) => {
        const person = personOf(which, command);
        if (person !== undefined) {
          refuseOtherWays(command, id);
          const { ask, show } = await openSession(command);
          const result = await deleteOf(ask, person, stageOf(command, first, which.stage), !yes);
          show(result, () =>
            [
              text(result, yes),
              ...result.skipped.map((left) => `Left: ${plain(left.id)}\n  ${line(left.reason, 160)}`),
            ].join('\n'),
          );
          return;
        }
        const { stage, matching } = choice(command, first, id, which);
        const { ask, show } = await openSession(command);
        const one = id === undefined ? {} : { id };
        const result = await deleteAll(ask, { stage, ...one, ...matching, ...(yes ? {} : { dryRun: true }) });
        show(result, () => text(result, yes));
      },
    );
};
