/** `rejected retry`: one record by its id, or those of a stage that match. */
import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResentPage } from '../../contract/operator-views.ts';
import { examples, whole } from '../arguments.ts';
import type { Ask, RequestOf } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { line, plain, plural } from '../format.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { personOf } from '../person.ts';
import { refuseOtherWays, resendOf } from './rejected-person.ts';
import { addMatching, choice, stageOf, type Which } from './rejected-which.ts';

interface Options extends Which {
  readonly rate: number;
  readonly dryRun?: boolean;
}

/** What control reads and sends for one answer, at most. */
const PAGE = 200;

type Matching = Omit<RequestOf<'resend-rejected'>, 'command' | 'limit' | 'cursor'>;

/**
 * Page by page: each is as large as one second allows, and the next waits until the rate allows it.
 * @param rate events a second
 */
export const resendAll = async (
  ask: Ask,
  matching: Matching,
  rate: number,
  wait: (milliseconds: number) => Promise<unknown> = sleep,
): Promise<Omit<ResentPage, 'cursor'>> => {
  const total = { records: 0, events: 0 };
  const skipped: ResentPage['skipped'][number][] = [];
  const limit = matching.dryRun === true ? PAGE : Math.min(PAGE, rate);
  let cursor: string | undefined;
  do {
    const page = await ask({
      command: 'resend-rejected',
      ...matching,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    }).catch((error: unknown) => {
      if (!(error instanceof CommandFailure) || matching.dryRun === true) throw error;
      throw new CommandFailure(
        `${error.message}\n${plural(total.events, 'event')} had been sent again by then. The same command continues there.`,
        { cause: error },
      );
    });
    total.records += page.records;
    total.events += page.events;
    skipped.push(...page.skipped);
    cursor = page.cursor;
    if (cursor !== undefined && matching.dryRun !== true) await wait((page.events / rate) * 1_000);
  } while (cursor !== undefined);
  return { ...total, skipped };
};

const text = ({ records, events, skipped }: Omit<ResentPage, 'cursor'>, dryRun: boolean): string => {
  const of = `${plural(events, 'event')} of ${plural(records, 'record')}`;
  return [
    dryRun ? `${of} would be sent again.` : `${of} sent again.`,
    ...skipped.map(({ id, reason }) => `Left: ${plain(id)}\n  ${line(reason, 160)}`),
  ].join('\n');
};

export const addRejectedRetry = (rejected: Command): void => {
  addMatching(addSessionOptions(rejected.command('retry')))
    .description(
      'send one again, or those of a stage that match, after the events of their users that are waiting',
    )
    .option('--rate <events>', 'at most this many a second', whole(1, 1_000), 50)
    .option('--dry-run', 'count them, and send nothing')
    .addHelpText(
      'after',
      examples(
        "npx sluice rejected retry crm '9d4b6a0e-51c6-4f0e-8d0c-0f5d8a3a1f77:0:0'",
        'npx sluice rejected retry --stage crm --reason 400 --since 6h --dry-run',
        'npx sluice rejected retry --stage crm --reason 400 --since 6h --rate 20',
        'npx sluice rejected retry --user ada --dry-run',
      ),
    )
    .action(async (first: string | undefined, id: string | undefined, options: Options, command: Command) => {
      const { rate, dryRun = false, ...which } = options;
      const person = personOf(which, command);
      if (person !== undefined) {
        refuseOtherWays(command, id);
        const { ask, show } = await openSession(command);
        const stage = stageOf(command, first, which.stage);
        const result = await resendOf(ask, person, stage, { rate, dryRun, wait: sleep });
        show(result, () => text(result, dryRun));
        return;
      }
      const { stage, matching } = choice(command, first, id, which);
      if (id !== undefined && dryRun)
        return command.error('error: --dry-run is for records that match, and not for one', { exitCode: 2 });
      const { ask, show } = await openSession(command);
      if (id !== undefined) {
        const result = await ask({ command: 'retry-rejected', stage, id });
        show(result, () => `${plural(result.sent, 'event')} sent again.`);
        return;
      }
      const result = await resendAll(ask, { stage, ...matching, ...(dryRun ? { dryRun } : {}) }, rate);
      show(result, () => text(result, dryRun));
    });
};
