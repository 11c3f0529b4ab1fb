import type { Command } from 'commander';
import type { ParkedKeyView, ParkedMessageView } from '../../contract/operator-views.ts';
import { examples, orderKey, words } from '../arguments.ts';
import { CommandFailure } from '../failure.ts';
import { isoAgo, line, plural } from '../format.ts';
import { addPersonOptions, parkedKeyOf, personOf, type PersonOptions } from '../person.ts';
import { addSessionOptions, openSession, type View } from '../session.ts';
import { complain, confirm, dialogue, isUnattended } from '../terminal.ts';

/** As many messages of a key as control looks through. */
const LOOK = 200;

export const addDiscard = (program: Command): void => {
  addPersonOptions(addSessionOptions(program.command('discard')))
    .description('give up one event of a parked key: it is never delivered; the reason is recorded')
    .argument('<stage>', "a destination's id, or router")
    .argument('<key>', 'as `parked` shows it; not with --user', orderKey)
    .argument('[messageId]', "the event's, as `show` shows it")
    .requiredOption('-r, --reason <text>', 'why; it is kept with the record of the event', words)
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples(
        'npx sluice discard router 4vUkAaZr1k... 6f1c1f62-7c5b... --reason "a test of ours, not a user"',
        'npx sluice discard router --user ada 6f1c1f62-7c5b... --reason "a test of ours"',
      ),
    )
    .action(
      async (
        stage: string,
        first: string,
        second: string | undefined,
        { reason, yes = false, ...options }: { reason: string; yes?: boolean } & PersonOptions,
        command: Command,
      ) => {
        const person = personOf(options, command);
        if ((second === undefined) !== (person !== undefined))
          return command.error('error: name <key> and <messageId>, or <messageId> and the user', {
            exitCode: 2,
          });
        const messageId = second ?? first;
        if (!yes && isUnattended(dialogue)) {
          throw new CommandFailure(
            'an event is discarded for good, and there is no terminal to ask at: nothing was discarded; add --yes to do it',
          );
        }
        const { ask, show, view } = await openSession(command);
        const key = person === undefined ? first : await parkedKeyOf(ask, person, stage, view);
        if (!yes) {
          const found = await ask({ command: 'show', stage, key, limit: LOOK });
          complain(question(found, messageId, view));
          if (!(await confirm('Discard it?', dialogue))) throw new CommandFailure('Nothing was discarded.');
        }
        const result = await ask({ command: 'discard', stage, key, messageId, reason });
        show(result, () =>
          [
            `Discarded: ${line(result.discarded, 200)}. ${plural(result.left, 'message')} of the key ${result.left === 1 ? 'is' : 'are'} left.`,
            `Its record: ${view.command(`rejected list ${stage}`)}`,
          ].join('\n'),
        );
      },
    );
};

/** @throws CommandFailure when there is no such event */
const question = ({ key, messages, more }: ParkedKeyView, messageId: string, view: View): string => {
  const message = messages.find(({ events }) => events.some((event) => event.messageId === messageId));
  if (message === undefined && !more) {
    throw new CommandFailure(
      `no event ${JSON.stringify(messageId)} waits in this key; see ${view.command(`show ${key.stage} ${key.key}`)}`,
    );
  }
  return [
    `This event will be taken out of ${key.stage} for good, and its user's later events continue without it:`,
    ...describe(message, messageId, view),
    'A record of it is kept. If it is sent again from there, it comes behind those later events.',
  ].join('\n');
};

const describe = (
  message: ParkedMessageView | undefined,
  messageId: string,
  { now }: View,
): readonly string[] => {
  const id = line(messageId, 200);
  if (message === undefined) return [`  ${id}, which is not among the ${LOOK} oldest messages of its key`];
  const type = message.events.find((event) => event.messageId === messageId)?.type ?? 'event';
  return [
    `  ${line(type, 20)} ${id}, accepted ${isoAgo(message.acceptedAt, now)}`,
    ...(message.crash === undefined ? [] : [`  its message crashed: ${line(message.crash.error, 78)}`]),
  ];
};
