/**
 * Sends to the queue file named by its argument until it is killed, and writes a line for each message that was
 * answered. Every tenth message is received too, and stays in flight.
 */
import { LibsqlStore } from '../../../local/sqs/libsql-store.ts';
import { SqsService } from '../../../local/sqs/service.ts';

const service = new SqsService({ store: new LibsqlStore(process.argv[2] ?? '') });
await service.createQueue('q.fifo', { FifoQueue: 'true' });
for (let number = 0; ; number += 8) {
  const batch = Array.from({ length: 8 }, (_, index) => number + index);
  await Promise.all(
    batch.map(async (each) => {
      const body = String(each);
      const { messageId } = await service.send('q.fifo', {
        body,
        groupId: `g${each % 8}`,
        deduplicationId: body,
      });
      process.stdout.write(`${body} ${messageId}\n`);
    }),
  );
  if (number % 80 === 0) await service.receive({ queue: 'q.fifo' });
}
