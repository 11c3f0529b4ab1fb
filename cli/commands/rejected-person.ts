/** `rejected retry` and `rejected delete` of one user: the records that hold events of the user alone, one after another. */
import type { Command } from 'commander';
import type { FoundRecord, Person, ResentPage } from '../../contract/operator-views.ts';
import type { Ask } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { plural } from '../format.ts';
import { findAll } from '../person.ts';

type Skipped = ResentPage['skipped'][number];

export interface Done {
  readonly records: number;
  readonly events: number;
  readonly skipped: readonly Skipped[];
}

/** Ends the command when it names records in another way as well. */
export const refuseOtherWays = (command: Command, id: string | undefined): void => {
  const given = ['reason', 'since', 'until'].find((option) => command.getOptionValueSource(option) === 'cli');
  if (id === undefined && given === undefined) return;
  const other = id === undefined ? `--${String(given)}` : 'the id of a record';
  command.error(`error: name either ${other} or the user`, { exitCode: 2 });
};

const sharedWith = ({ count, events }: FoundRecord): string =>
  `${plural(count - events, 'event')} of others are in the same record: name it by its id`;

/**
 * In the order in which their events were accepted.
 * @param mayTake why not; undefined: it may
 * @param take of one record: how many events it was
 */
const eachRecord = async (
  ask: Ask,
  person: Person,
  stage: string | undefined,
  mayTake: (record: FoundRecord) => string | undefined,
  take: (record: FoundRecord) => Promise<number>,
): Promise<Done> => {
  const { rejected } = await findAll(ask, person, { stage, kept: 'rejected' });
  const skipped: Skipped[] = [];
  let records = 0;
  let events = 0;
  for (const record of rejected.toSorted((one, other) => one.receivedAt.localeCompare(other.receivedAt))) {
    const reason = record.events < record.count ? sharedWith(record) : mayTake(record);
    if (reason !== undefined) {
      skipped.push({ id: record.id, reason });
      continue;
    }
    events += await take(record).catch((error: unknown) => {
      if (!(error instanceof CommandFailure)) throw error;
      throw new CommandFailure(
        `${error.message}\n${plural(records, 'record')} had been dealt with by then. The same command continues there.`,
        { cause: error },
      );
    });
    records += 1;
  }
  return { records, events, skipped };
};

export interface ResendHow {
  /** Events a second. */
  readonly rate: number;
  readonly dryRun: boolean;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/** What an operator has discarded is left, as it is when many are sent again in other ways. */
export const resendOf = (
  ask: Ask,
  person: Person,
  stage: string | undefined,
  { rate, dryRun, wait }: ResendHow,
): Promise<Done> => {
  let due = 0;
  return eachRecord(
    ask,
    person,
    stage,
    ({ discarded }) => (discarded ? 'an operator discarded it: name it by its id' : undefined),
    async ({ stage: from, id, count }) => {
      if (dryRun) return count;
      await wait(due);
      const { sent } = await ask({ command: 'retry-rejected', stage: from, id });
      due = (sent / rate) * 1_000;
      return sent;
    },
  );
};

export const deleteOf = (
  ask: Ask,
  person: Person,
  stage: string | undefined,
  dryRun: boolean,
): Promise<Done> =>
  eachRecord(
    ask,
    person,
    stage,
    () => undefined,
    async ({ stage: from, id, count }) =>
      dryRun ? count : (await ask({ command: 'delete-rejected', stage: from, id })).events,
  );
