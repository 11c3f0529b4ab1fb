/** Runs in a process of its own: what a call of SendMessageBatch costs the caller. The queue is in the process that started it. */
import { pathToFileURL } from 'node:url';

const [file, queueUrl] = process.argv.slice(2);
const { senders } = await import(pathToFileURL(file).href);

/** Of about 1 KB, each another one. */
let made = 0;
const messages = () =>
  Array.from({ length: 10 }, () => {
    made += 1;
    const event = { v: 1, kind: 'events', n: made, text: 'x'.repeat(900) };
    return { groupId: `user-${made % 1_000}`, deduplicationId: `id-${made}`, body: JSON.stringify(event) };
  });

const ways = senders(queueUrl);

process.on('message', async ({ calls }) => {
  try {
    const measured = [];
    for (const { name, send } of ways) {
      // Made before: to make them is not the call's work.
      const batches = Array.from({ length: calls }, messages);
      const start = process.cpuUsage();
      for (const batch of batches) await send(batch);
      const { user, system } = process.cpuUsage(start);
      measured.push({ name, milliseconds: (user + system) / 1_000 / calls });
    }
    process.send({ measured });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});
process.send({ isReady: true });
