/** The template's queues in the local SQS. */
import type { SqsService } from './service.ts';
import type { QueueSpec } from './template.ts';

export interface QueueStatus {
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
}

/** Makes queues that do not exist yet and changes the others in place; one that is gone from the template stays. */
export const deployQueues = async (sqs: SqsService, queues: readonly QueueSpec[]): Promise<void> => {
  const known = new Set((await sqs.listQueues()).map((url) => url.replace(/^.*[/:]/, '')));
  // A queue must exist before another one's redrive policy names it.
  const order = [...queues].sort(
    (a, b) => Number('RedrivePolicy' in a.attributes) - Number('RedrivePolicy' in b.attributes),
  );
  for (const { name, attributes } of order) {
    if (known.has(name)) {
      // A queue is FIFO from birth; the rest may change.
      const changeable = Object.entries(attributes).filter(([key]) => key !== 'FifoQueue');
      await sqs.setQueueAttributes(name, Object.fromEntries(changeable));
    } else {
      await sqs.createQueue(name, attributes);
    }
  }
};

export const countQueues = (sqs: SqsService, queues: readonly QueueSpec[]): Promise<readonly QueueStatus[]> =>
  Promise.all(
    queues.map(async ({ name }) => {
      const { visible, inFlight } = await sqs.counts(name);
      return { name, visible, inFlight };
    }),
  );
