/** What the destinations of the local run have taken, kind by kind. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SluiceEvent } from '../../../config/index.ts';
import type { LocalRun } from '../../../tools/driver/local-run.ts';
import type { Kind } from './kinds.ts';

/** Of a file that is still written: its whole lines. */
export const linesOf = (run: LocalRun, file: string): readonly object[] => {
  const path = join(run.dataDir, file);
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as object);
};

export interface Invocation {
  readonly event: { readonly key: string; readonly events: readonly SluiceEvent[] };
  readonly result: { readonly kind: string; readonly payload?: unknown };
}

/** The events in a line of the file of each service. */
const EVENTS_IN: Readonly<Record<string, (line: never) => readonly SluiceEvent[]>> = {
  kinesis: ({ data }: { data: string }) => [JSON.parse(data) as SluiceEvent],
  firehose: (event: SluiceEvent) => [event],
  topics: ({ message }: { message: string }) => [JSON.parse(message) as SluiceEvent],
  eventbridge: ({ detail }: { detail: SluiceEvent }) => [detail],
  functions: ({ event, result }: Invocation) =>
    result.kind === 'payload' && result.payload === null ? event.events : [],
};

/** Of an object, which a line names. An object that was put twice is counted once. */
const inObjects = (run: LocalRun, file: string): readonly SluiceEvent[] => {
  const keys = new Set((linesOf(run, file) as readonly { key: string }[]).map(({ key }) => key));
  return [...keys].flatMap((key) =>
    gunzipSync(readFileSync(join(run.dataDir, file.replace(/\.ndjson$/, ''), key)))
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as SluiceEvent),
  );
};

const inFile = (run: LocalRun, file: string): readonly SluiceEvent[] => {
  const [service = ''] = file.split('/', 1);
  if (service === 's3') return inObjects(run, file);
  const eventsIn = EVENTS_IN[service];
  if (eventsIn === undefined) throw new Error(`it is not known what a line of ${file} holds`);
  return linesOf(run, file).flatMap((line) => eventsIn(line as never));
};

export interface Arrivals {
  /** Since the start, oldest first. */
  readonly of: (kind: Kind) => Promise<readonly SluiceEvent[]>;
  readonly close: () => void;
}

export const arrivals = async (run: LocalRun): Promise<Arrivals> => {
  const status = (await (await fetch(`${run.consoleUrl}/api/status`)).json()) as {
    endpoints: { sqs: string };
  };
  const client = new SQSClient({
    endpoint: status.endpoints.sqs,
    region: 'us-east-1',
    credentials: { accessKeyId: run.accessKeyId, secretAccessKey: 'any' },
  });
  const taken = new Map<string, SluiceEvent[]>();

  /** What the queue has is received, and deleted. */
  const inQueue = async (queue: string): Promise<readonly SluiceEvent[]> => {
    const QueueUrl = `${status.endpoints.sqs}/000000000000/${queue}`;
    const events = taken.get(queue) ?? [];
    taken.set(queue, events);
    for (;;) {
      const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
      const { Messages = [] } = await client.send(command);
      if (Messages.length === 0) return events;
      events.push(...Messages.map(({ Body = '' }) => JSON.parse(Body) as SluiceEvent));
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  return {
    of: ({ place }) => ('queue' in place ? inQueue(place.queue) : Promise.resolve(inFile(run, place.file))),
    close: () => client.destroy(),
  };
};
