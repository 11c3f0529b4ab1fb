/** Users by the ids that their events have, instead of by the key that is made of them. */
import type { Command } from 'commander';
import type { FoundKey, FoundPage, FoundRecord, Person } from '../contract/operator-views.ts';
import { words } from './arguments.ts';
import type { Ask } from './client.ts';
import { CommandFailure } from './failure.ts';
import { plain } from './format.ts';
import type { View } from './session.ts';

export interface PersonOptions {
  readonly user?: string;
  readonly anonymousId?: string;
  readonly source?: string;
}

export const addPersonOptions = (command: Command): Command =>
  command
    .option('--user <userId>', "a user by userId, as the user's events have it", words)
    .option('--anonymous-id <anonymousId>', "a user by the device's anonymousId", words)
    .option('--source <source>', 'of that source alone, by its id', words);

/** @returns undefined: nobody is named */
export const personOf = (
  { user, anonymousId, source }: PersonOptions,
  command: Command,
): Person | undefined => {
  if (user === undefined && anonymousId === undefined) {
    if (source !== undefined)
      command.error('error: --source belongs to --user or --anonymous-id', { exitCode: 2 });
    return undefined;
  }
  return {
    ...(source === undefined ? {} : { source }),
    ...(user === undefined ? {} : { userId: user }),
    ...(anonymousId === undefined ? {} : { anonymousId }),
  };
};

export type Found = Omit<FoundPage, 'cursor'>;

const isSame = (a: FoundKey, b: FoundKey): boolean =>
  a.stage === b.stage && a.key === b.key && a.source === b.source;

/** A key of many messages may come on several pages. */
const added = (parked: readonly FoundKey[], one: FoundKey): readonly FoundKey[] => {
  const known = parked.find((other) => isSame(other, one));
  if (known === undefined) return [...parked, one];
  const together = {
    ...known,
    events: known.events + one.events,
    oldestAcceptedAt: Math.min(known.oldestAcceptedAt, one.oldestAcceptedAt),
  };
  return parked.map((other) => (other === known ? together : other));
};

/** Page by page, until all has been looked through. @throws CommandFailure when the source is unknown */
export const findAll = async (
  ask: Ask,
  person: Person,
  where: { readonly stage?: string | undefined; readonly kept?: 'parked' | 'rejected' } = {},
): Promise<Found> => {
  const { stage, kept } = where;
  let parked: readonly FoundKey[] = [];
  const rejected: FoundRecord[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await ask({
      command: 'find',
      ...person,
      ...(stage === undefined ? {} : { stage }),
      ...(kept === undefined ? {} : { kept }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    parked = page.parked.reduce(added, parked);
    rejected.push(...page.rejected);
    const { keys, sources } = page;
    if (person.source !== undefined && !sources.includes(person.source))
      throw new CommandFailure(
        `there is no source ${plain(person.source)}; there are: ${sources.join(', ')}`,
      );
    cursor = page.cursor;
    if (cursor === undefined) return { parked, rejected, keys, sources };
  }
};

/** Ends the command when options of a list are given that a search for a user has no use for. */
export const refuseWithPerson = (command: Command, options: readonly string[]): void => {
  const given = options.find((option) => command.getOptionValueSource(option) === 'cli');
  if (given !== undefined)
    command.error(`error: --${given} does not go with a user: all that is kept of the user is listed`, {
      exitCode: 2,
    });
};

/** Keys in which events of the person are parked. @param stage undefined: of any @throws CommandFailure when there are none */
export const parkedKeysOf = async (
  ask: Ask,
  person: Person,
  stage: string | undefined,
  view: View,
): Promise<readonly FoundKey[]> => {
  const { parked } = await findAll(ask, person, { stage, kept: 'parked' });
  if (parked.length > 0) return parked;
  const where = stage === undefined ? 'in any stage' : `in ${plain(stage)}`;
  throw new CommandFailure(
    `nothing of that user is parked ${where}; whatever is kept: ${view.command(`find ${flagsOf(person)}`)}`,
  );
};

/** The only key of the person in a stage. @throws CommandFailure when there are several */
export const parkedKeyOf = async (ask: Ask, person: Person, stage: string, view: View): Promise<string> => {
  const [one, ...others] = await parkedKeysOf(ask, person, stage, view);
  if (one !== undefined && others.length === 0) return one.key;
  const all = [one, ...others].flatMap((key) =>
    key === undefined ? [] : `  ${key.key}  source ${plain(key.source)}`,
  );
  throw new CommandFailure(
    [
      `events of that user are parked in several keys of ${plain(stage)}; name one of them, or a --source:`,
      ...all,
    ].join('\n'),
  );
};

/** A person's options, for a command to copy. */
export const flagsOf = ({ source, userId, anonymousId }: Person): string =>
  [
    ['--user', userId],
    ['--anonymous-id', anonymousId],
    ['--source', source],
  ]
    .flatMap(([flag, value]) => (value === undefined ? [] : `${flag} ${quoted(value)}`))
    .join(' ');

/** For a shell, where it needs that. */
const quoted = (text: string): string =>
  /^[\w@.:+-]+$/.test(text) ? text : `'${plain(text).replaceAll("'", `'\\''`)}'`;
