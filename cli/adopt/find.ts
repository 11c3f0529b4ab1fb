/** Which queues a removed destination has left, and which stage takes what is in them. Pure. */
import { formerId, type Orphan, type StatusReport } from '../../contract/status.ts';
import { CommandFailure } from '../failure.ts';

export interface Adoption {
  /** Emptied one after another: the dead letters of a stage are older than what its queue has of the same user. */
  readonly from: readonly string[];
  /** The queue of the stage that takes them. */
  readonly to: string;
  readonly stage: string;
}

const isOf = ({ id }: Orphan, destination: string): boolean =>
  id === destination || id.startsWith(formerId(destination, '').slice(0, -1));

const messagesOf = ({ queue, deadLetters }: Orphan): number =>
  queue.visible + queue.inFlight + (queue.delayed ?? 0) + deadLetters;

/** Of this destination; with messages in a queue. */
export const leftBy = ({ orphans }: Pick<StatusReport, 'orphans'>, destination: string): readonly Orphan[] =>
  orphans.filter((one) => isOf(one, destination) && messagesOf(one) > 0);

const OLDER = 'control is of an older version, and does not say the names of queues; deploy, and try again';

/**
 * @param into the destination that takes them, if it is another one
 * @throws CommandFailure that says what to do
 */
export const findAdoption = (
  report: Pick<StatusReport, 'orphans' | 'stages'>,
  destination: string,
  into = destination,
): Adoption => {
  const left = leftBy(report, destination);
  const stage = report.stages.find(({ id }) => id === into);
  if (left.length === 0) {
    const names = report.orphans.filter((one) => messagesOf(one) > 0).map(({ id }) => id);
    throw new CommandFailure(
      `no former queue of ${destination} holds anything; ` +
        (names.length === 0
          ? 'no queue of a removed destination does'
          : `those that do: ${names.join(', ')}`) +
        '. After a deployment it takes a minute until control has noticed',
    );
  }
  if (stage === undefined)
    throw new CommandFailure(
      into === destination
        ? `${destination} is not configured: add it again under this id with enabled: false, deploy, and try again; or name another destination with --into`
        : `--into: there is no destination ${into}; there are ${report.stages.map(({ id }) => id).join(', ')}`,
    );
  if (stage.queueName === undefined) throw new CommandFailure(OLDER);
  const from = left.flatMap(({ queueName, deadLetterQueueName }) => {
    if (queueName === undefined || deadLetterQueueName === undefined) throw new CommandFailure(OLDER);
    return [deadLetterQueueName, queueName];
  });
  return { from, to: stage.queueName, stage: into };
};
