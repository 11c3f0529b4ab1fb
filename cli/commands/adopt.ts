/** `sluice adopt`: what waits in the queue of a destination that was removed is delivered. */
import type { Command } from 'commander';
import { readRunFile } from '../../local/run/run-file.ts';
import { awsQueues } from '../adopt/aws-queues.ts';
import { adopt } from '../adopt/run.ts';
import { examples } from '../arguments.ts';
import { configOf } from '../describe-stack.ts';
import { CommandFailure } from '../failure.ts';
import { count } from '../format.ts';
import { localDataDir } from '../local-data-dir.ts';
import { addSessionOptions, openSession, type Session } from '../session.ts';
import { complain } from '../terminal.ts';
import { adoptText } from '../views/adopt.ts';
import type { Queues } from '../adopt/move.ts';

interface ConsoleStatus {
  readonly endpoints?: { readonly sqs?: string };
}

/** Of the local run, whose console knows where its SQS is. */
const localQueues = async (): Promise<Queues> => {
  const { consoleUrl, accessKeyId } = await readRunFile(await localDataDir());
  const { endpoints = {} } = (await (await fetch(`${consoleUrl}/api/status`)).json()) as ConsoleStatus;
  if (endpoints.sqs === undefined) throw new CommandFailure('the local run is still starting; try again');
  return awsQueues({
    region: 'us-east-1',
    endpoint: endpoints.sqs,
    credentials: { accessKeyId, secretAccessKey: 'local' },
  });
};

export const queuesOf = ({ stack }: Pick<Session, 'stack'>): Queues | Promise<Queues> =>
  stack === undefined ? localQueues() : awsQueues(configOf(stack));

/** A line for each thousand messages: a queue may hold a hundred times as many. */
const progress = (): ((moved: number) => void) => {
  let said = 0;
  return (moved) => {
    const thousands = Math.floor(moved / 1_000);
    if (thousands > said) complain(`${count(thousands * 1_000)} messages moved`);
    said = Math.max(said, thousands);
  };
};

export const addAdopt = (program: Command): void => {
  addSessionOptions(program.command('adopt'))
    .description("deliver what waits in a removed destination's queue, which a deployment has left behind")
    .argument('<destination>', 'the id that it had')
    .option('--into <destination>', 'the destination that delivers them, if it has another id now')
    .addHelpText(
      'after',
      examples(
        'npx sluice adopt crm --stack Sluice                # crm is there again, with a new queue',
        'npx sluice adopt crm --into crm-2 --stack Sluice',
      ),
    )
    .action(async (destination: string, { into }: { into?: string }, command: Command) => {
      const session = await openSession(command);
      const { ask, show, view } = session;
      const adopted = await adopt(ask, await queuesOf(session), {
        destination,
        into,
        onProgress: progress(),
      });
      show(adopted, () => adoptText(destination, adopted, view));
    });
};
