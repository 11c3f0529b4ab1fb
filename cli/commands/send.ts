/** `sluice send`: events to a pipeline, as an SDK sends them. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { readRunFile } from '../../local/run/run-file.ts';
import { examples, whole } from '../arguments.ts';
import { readRawEvents } from '../check/fixtures.ts';
import { CommandFailure, messageOf } from '../failure.ts';
import { localDataDir } from '../local-data-dir.ts';
import { print } from '../terminal.ts';

interface Options {
  readonly user: string;
  readonly event: string;
  readonly count: number;
  readonly file?: string;
  readonly source?: string;
  readonly url?: string;
  readonly writeKey?: string;
}

/** Milliseconds: ingest has far less. */
const PATIENCE = 35_000;

/** Where to, and with which key: what is named, or the local run's. */
const addressOf = async ({ url, writeKey, source }: Options): Promise<{ url: string; writeKey: string }> => {
  if (url !== undefined) {
    if (writeKey === undefined)
      throw new CommandFailure('--url needs --write-key: the key of one of its sources');
    return { url: url.replace(/\/+$/, ''), writeKey };
  }
  const { dataPlaneUrl, sources = [] } = await readRunFile(await localDataDir());
  if (writeKey !== undefined) return { url: dataPlaneUrl, writeKey };
  const named = source === undefined ? sources[0] : sources.find(({ id }) => id === source);
  const key = named?.writeKeys[0];
  if (key !== undefined) return { url: dataPlaneUrl, writeKey: key };
  const ids = sources.map(({ id }) => id).join(', ');
  throw new CommandFailure(
    source === undefined
      ? 'the local run is of a version that does not say its write keys; restart it, or set --write-key'
      : `there is no source ${JSON.stringify(source)}; the sources are ${ids}`,
  );
};

const eventsOf = async ({ file, user, event, count }: Options): Promise<readonly object[]> =>
  file === undefined
    ? Array.from({ length: count }, () => ({
        type: 'track',
        messageId: randomUUID(),
        userId: user,
        event,
        originalTimestamp: new Date().toISOString(),
      }))
    : readRawEvents(file);

const send = async (options: Options): Promise<void> => {
  const { url, writeKey } = await addressOf(options);
  const batch = await eventsOf(options);
  const response = await fetch(`${url}/v1/batch`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
    },
    body: JSON.stringify({ batch, sentAt: new Date().toISOString() }),
    signal: AbortSignal.timeout(PATIENCE),
  }).catch((error: unknown) => {
    throw new CommandFailure(`nothing answers at ${url}: ${messageOf(error)}`, { cause: error });
  });
  const answer = (await response.text()).trim();
  const events = `${batch.length} event${batch.length === 1 ? '' : 's'}`;
  if (response.ok) {
    print(`accepted: ${events}, by ${url}`);
    return;
  }
  const again = response.headers.get('retry-after');
  throw new CommandFailure(
    `${url} answered ${response.status}: ${answer}${again === null ? '' : ` (try again in ${again} s)`}`,
  );
};

export const addSend = (program: Command): void => {
  program
    .command('send')
    .description('send an event, or those of a file, as an SDK sends them')
    .option('--user <id>', 'whose event', 'ada')
    .option('--event <name>', "the event's name", 'Hello')
    .option('-n, --count <events>', 'how many of it', whole(1, 500), 1)
    .option(
      '--file <path>',
      "events in its place: one, a list, or the body of an SDK's request (- for stdin)",
    )
    .option('--source <id>', 'of the local run; default: the first')
    .option('--url <url>', 'the data plane of another pipeline; with --write-key')
    .option('--write-key <key>', "a source's key")
    .addHelpText(
      'after',
      examples(
        'npx sluice send',
        'npx sluice send --user ada --event Signup -n 3',
        'npx sluice send --file test/events/order.json',
        'npx sluice send --url https://events.example.com --write-key 2AbC',
      ),
    )
    .action(send);
};
