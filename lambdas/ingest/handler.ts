/** Lambda's entry: wires ingest to AWS. */
import { randomUUID } from 'node:crypto';
import type { IngestBundle } from '../../contract/bundle.ts';
import { ENV } from '../../contract/environment.ts';
import { readBundle } from '../aws/bundle.ts';
import { DirectQueueSender, directSqs } from '../aws/direct-sender.ts';
import { requireEnv } from '../aws/environment.ts';
import { emitMetrics, log } from '../aws/log.ts';
import { queueProbe } from '../aws/queue-probe.ts';
import { createIngest } from './ingest.ts';
import { sleep } from './send.ts';
import { keysToSources } from './write-key.ts';

const { sources, timing, maxKeys, version, codeVersion } = readBundle() as IngestBundle;

const queueUrl = requireEnv(ENV.eventsQueueUrl);
const sqs = directSqs(queueUrl, Date.now);

export const handler = createIngest({
  sourceOf: keysToSources(sources),
  sender: new DirectQueueSender(sqs, queueUrl),
  probeQueue: queueProbe(sqs, queueUrl),
  deadline: timing.ingestDeadline,
  maxKeys,
  clock: Date.now,
  random: Math.random,
  newId: randomUUID,
  sleep,
  log,
  emitMetrics,
  version: { version, codeVersion },
  // Loaded by the first `/health` and not with the function: accepting must not depend on DynamoDB's client, either.
  readMode: async (signal) => (await import('../aws/mode-reader.ts')).readSystemMode(signal),
});
