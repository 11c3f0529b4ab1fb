/** `erase`: what is stored of one user. It counts first, and erases only with --yes. */
import type { Command } from 'commander';
import type { ErasedPage } from '../../contract/operator-views.ts';
import { examples, words } from '../arguments.ts';
import type { Ask, RequestOf } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { plain, plural } from '../format.ts';
import { addSessionOptions, openSession, type View } from '../session.ts';

type User = Omit<RequestOf<'erase'>, 'command' | 'cursor'>;
export type Erased = Omit<ErasedPage, 'cursor'>;

/** Page by page, until all has been looked through. */
export const eraseAll = async (ask: Ask, user: User): Promise<Erased> => {
  const total = { parked: 0, rejected: 0 };
  const busy: ErasedPage['busy'][number][] = [];
  let archive: ErasedPage['archive'];
  let cursor: string | undefined;
  do {
    const request = { command: 'erase', ...user, ...(cursor === undefined ? {} : { cursor }) } as const;
    const page = await ask(request).catch((error: unknown) => {
      if (!(error instanceof CommandFailure) || user.dryRun === true) throw error;
      const by = `${plural(total.parked + total.rejected, 'event')} had been erased by then`;
      throw new CommandFailure(`${error.message}\n${by}. The same command erases the rest.`, {
        cause: error,
      });
    });
    total.parked += page.parked;
    total.rejected += page.rejected;
    busy.push(...page.busy);
    archive ??= page.archive;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return { ...total, busy, ...(archive === undefined ? {} : { archive }) };
};

/** What the archive's files keep, and what becomes of it. */
const inArchive = ({ days }: NonNullable<Erased['archive']>, dryRun: boolean): string =>
  `The archive's files keep what they have of the user ${days === undefined ? 'until they are deleted' : `for ${plural(days, 'day')}`}: ` +
  `docs/replay.md says how to remove it from them. Replays ${dryRun ? 'would leave' : 'leave'} it out.`;

const text = ({ parked, rejected, busy, archive }: Erased, dryRun: boolean, view: View): string =>
  [
    `${dryRun ? 'Would be erased' : 'Erased'}: ${plural(parked, 'parked event')}, ${plural(rejected, 'rejected or discarded event')}.`,
    ...busy.map(({ stage, key }) => `Left: ${plain(stage)} is trying the key ${plain(key)} at this moment.`),
    ...(busy.length === 0 ? [] : ['Give the same command again in a minute.']),
    ...(archive === undefined ? [] : [inArchive(archive, dryRun)]),
    ...(dryRun ? ['Nothing was erased. Add --yes to erase them: they cannot be restored from here.'] : []),
    'Events that still wait in a queue are not found: see what is waiting with ' +
      `${view.command('status')}, and erase again when they have been delivered, parked or rejected.`,
  ].join('\n');

export const addErase = (program: Command): void => {
  addSessionOptions(program.command('erase'))
    .description(
      'erase what is stored of one user: events that are parked, rejected or discarded, and those that a replay would send',
    )
    .requiredOption('--source <source>', 'the source that sent the events, by its id', words)
    .option('--user <userId>', "the user's userId", words)
    .option('--anonymous-id <anonymousId>', "the user's device, by its anonymousId", words)
    .option('-y, --yes', 'erase them; without it they are counted only')
    .addHelpText(
      'after',
      examples(
        'npx sluice erase --source web --user ada',
        'npx sluice erase --source web --user ada --anonymous-id 8f0c0c1e-7d1b-4f0e-9a64-2f2f3a1f2b11 --yes',
      ),
    )
    .action(
      async (
        {
          source,
          user,
          anonymousId,
          yes = false,
        }: { source: string; user?: string; anonymousId?: string; yes?: boolean },
        command: Command,
      ) => {
        if (user === undefined && anonymousId === undefined)
          return command.error('error: name the user with --user, --anonymous-id or both', { exitCode: 2 });
        const { ask, show, view } = await openSession(command);
        const result = await eraseAll(ask, {
          source,
          ...(user === undefined ? {} : { userId: user }),
          ...(anonymousId === undefined ? {} : { anonymousId }),
          ...(yes ? {} : { dryRun: true }),
        });
        show(result, () => text(result, !yes, view));
      },
    );
};
