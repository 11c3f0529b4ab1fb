/** `replay`: archived events are sent to a destination again, slice by slice, until all of them are parked there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import ms, { type StringValue } from 'ms';
import type { ReplayView } from '../../contract/operator-views.ts';
import { examples, time, whole, words } from '../arguments.ts';
import type { Ask, RequestOf } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { plural } from '../format.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { complain } from '../terminal.ts';

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly source?: string;
  readonly event?: string;
  readonly user?: string;
  readonly anonymousId?: string;
  readonly late?: number;
  readonly rate?: number;
  readonly dryRun?: boolean;
  readonly resume?: string;
}

type Request = Omit<RequestOf<'replay'>, 'command'>;

/** Seconds of a rate that a slice has. */
const SLICE_SECONDS = 5;

/** A slice that could not be made is tried again so often, each time after as many seconds more. */
const TRIES = 5;

/** Events of the last minutes may be in no file of the archive yet: Firehose's buffer, and a margin. */
const SETTLES = 15 * 60_000;

const period = (text: string): number => {
  const value = ms(text as StringValue) as number | undefined;
  if (value !== undefined && value > 0) return value;
  throw new InvalidArgumentError('Use a length of time, such as 2h.');
};

const share = ({ from, at, end }: ReplayView): string =>
  `${Math.floor((100 * (Math.min(at, end) - from)) / Math.max(1, end - from))} %`;

/** A control of an older version has no list of those who were erased. */
const erasedIn = ({ erased = 0 }: ReplayView): number => erased;

const line = (view: ReplayView): string =>
  `${share(view).padStart(5)}  up to ${new Date(view.at).toISOString()}  ${plural(view.events, 'event')} in ${plural(view.messages, 'message')}` +
  (view.withheld > 0 ? `, ${view.withheld} not for it` : '') +
  (erasedIn(view) > 0 ? `, ${erasedIn(view)} of erased users left out` : '');

export interface Loop {
  readonly ask: Ask;
  readonly say: (text: string) => void;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  readonly now: () => number;
  readonly isStopped: () => boolean;
}

const once = async (ask: Ask, request: Request, { say, wait, isStopped }: Loop): Promise<ReplayView> => {
  for (let tries = 1; ; tries += 1)
    try {
      return await ask({ command: 'replay', ...request });
    } catch (error) {
      // What control refuses it will refuse again; what it failed at it may do next time, and a slice may be made twice.
      const isFault =
        error instanceof CommandFailure && error.message.startsWith("control's function failed");
      if (!isFault || tries === TRIES || isStopped()) throw error;
      say(`${error.message.split('\n')[0] ?? ''}; trying again`);
      await wait(tries * 1_000);
    }
};

/** @param rate events a second, at most @returns how far it has come: all of it, if nobody stopped it */
export const replayAll = async (id: string, rate: number | undefined, loop: Loop): Promise<ReplayView> => {
  const { ask, say, wait, now, isStopped } = loop;
  for (;;) {
    const began = now();
    const limit = rate === undefined ? {} : { limit: Math.max(1, Math.ceil(rate * SLICE_SECONDS)) };
    const before = await once(ask, { id, ...limit }, loop);
    say(line(before));
    if (before.isDone || isStopped()) return before;
    if (rate !== undefined) await wait(Math.max(0, SLICE_SECONDS * 1_000 - (now() - began)));
  }
};

/** Page by page; the numbers of all pages. */
export const countAll = async (request: Request, loop: Loop): Promise<ReplayView> => {
  let total: ReplayView | undefined;
  for (;;) {
    const page: ReplayView = await once(
      loop.ask,
      { ...request, dryRun: true, ...(total?.cursor === undefined ? {} : { cursor: total.cursor }) },
      loop,
    );
    total = {
      ...page,
      events: page.events + (total?.events ?? 0),
      messages: page.messages + (total?.messages ?? 0),
      withheld: page.withheld + (total?.withheld ?? 0),
      erased: erasedIn(page) + (total === undefined ? 0 : erasedIn(total)),
      sample: [...(total?.sample ?? []), ...(page.sample ?? [])].slice(0, 3),
    };
    if (page.isDone || loop.isStopped()) return total;
    loop.say(line(total));
  }
};

const leftOut = (view: ReplayView): readonly string[] =>
  erasedIn(view) === 0
    ? []
    : [`Left out, of users who were erased since: ${plural(erasedIn(view), 'event')}.`];

const counted = (view: ReplayView): string => {
  const { events, messages, withheld, sample = [] } = view;
  return [
    `Would be sent: ${plural(events, 'event')}, in ${plural(messages, 'message')}.`,
    ...(withheld > 0
      ? [
          `Not for this destination, by its sources, integrations, consent or filter: ${plural(withheld, 'event')}.`,
        ]
      : []),
    ...leftOut(view),
    ...sample.map(
      ({ messageId, type = '', receivedAt = '' }) => `  ${receivedAt}  ${type.padEnd(8)}  ${messageId}`,
    ),
    'Nothing was sent.',
  ].join('\n');
};

const selection = (
  stage: string,
  { from, to, source, event, user, anonymousId, late }: Options,
  now: number,
): Request => ({
  stage,
  ...(from === undefined ? {} : { from }),
  to: to ?? new Date(now).toISOString(),
  ...(source === undefined ? {} : { source }),
  ...(event === undefined ? {} : { event }),
  ...(user === undefined ? {} : { userId: user }),
  ...(anonymousId === undefined ? {} : { anonymousId }),
  ...(late === undefined ? {} : { late }),
});

const run = async (stage: string | undefined, options: Options, command: Command): Promise<void> => {
  const { from, rate, resume, dryRun = false } = options;
  const fail = (message: string): never => command.error(`error: ${message}`, { exitCode: 2 });
  if (resume === undefined && (stage === undefined || from === undefined))
    return fail('name the destination and --from, or continue a replay with --resume <id>');
  const names = ['from', 'to', 'source', 'event', 'user', 'anonymousId', 'late', 'dryRun'];
  if (
    resume !== undefined &&
    (stage !== undefined || names.some((name) => command.getOptionValueSource(name) === 'cli'))
  )
    return fail('--resume continues a replay as it was begun; of the others it takes --rate alone');
  const { ask, show, view } = await openSession(command);
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    complain('Stopping when this slice is parked.');
  };
  process.once('SIGINT', stop);
  const loop: Loop = { ask, say: complain, wait: sleep, now: Date.now, isStopped: () => stopped };
  try {
    if (dryRun) {
      const total = await countAll(selection(stage ?? '', options, Date.now()), loop);
      show(total, () => counted(total));
      return;
    }
    const request = resume === undefined ? selection(stage ?? '', options, Date.now()) : undefined;
    const id = resume ?? (await once(ask, request ?? {}, loop)).id ?? '';
    const again = view.command(`replay --resume ${id}`);
    complain(`Replay ${id}. Ctrl-C stops it; ${again} continues it.`);
    const end = await replayAll(id, rate, loop).catch((error: unknown) => {
      if (!(error instanceof CommandFailure)) throw error;
      throw new CommandFailure(`${error.message}\nContinue with: ${again}`, { cause: error });
    });
    show(end, () => finished(end, again));
    if (end.isDone && Date.now() - end.end < SETTLES)
      complain(
        'Events of the last 15 minutes may not be in the archive yet; replay that time later, if they are missing.',
      );
    if (!end.isDone) process.exitCode = 1;
  } finally {
    process.removeListener('SIGINT', stop);
  }
};

const finished = (view: ReplayView, again: string): string =>
  view.isDone
    ? [
        `Parked: ${plural(view.events, 'event')}, in ${plural(view.messages, 'message')}. The destination's drain delivers them, each user's in order.`,
        ...leftOut(view),
      ].join('\n')
    : `Stopped. Parked so far: ${plural(view.events, 'event')}. Continue with: ${again}`;

export const addReplay = (program: Command): void => {
  addSessionOptions(program.command('replay').argument('[destination]', "the destination's id"))
    .description('send events of the archive to a destination again, in the order of each user')
    .option('--from <time>', 'accepted from then on: 2026-11-22T10:00:00Z, or 2h for two hours ago', time)
    .option('--to <time>', 'accepted before then; by default now', time)
    .option('--source <source>', 'of that source alone, by its id', words)
    .option('--event <name>', 'track events of that name alone', words)
    .option('--user <userId>', "a user's alone, by userId", words)
    .option('--anonymous-id <anonymousId>', "a device's alone, by anonymousId", words)
    .option('--late <time>', 'look at what was archived as long after --to; by default 1h', period)
    .option('--rate <events>', 'the most events to park in a second', whole(1, 100_000))
    .option('--dry-run', 'count them, show three, and send nothing')
    .option('--resume <id>', 'continue a replay that was stopped', words)
    .addHelpText(
      'after',
      examples(
        'npx sluice replay crm --from 2026-11-22T10:00:00Z --to 2026-11-22T12:00:00Z --dry-run',
        'npx sluice replay crm --from 2d --source web --event "Order Completed" --rate 500',
        'npx sluice replay --resume 20261127t101500-4f2a9c',
      ),
    )
    .action(run);
};
