/** Processor time of one SendMessageBatch of ten messages, as ingest calls it, as the stages call it, and by the bare SDK client. */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { closing } from '../closing.ts';
import { openQueue } from '../floor/queue.ts';
import { median } from '../sandbox/median.ts';
import { toTable, type Rows } from '../../driver/table.ts';
import { toldBy } from '../told.ts';

export interface SendCost {
  readonly name: string;
  /** Of processor time. */
  readonly milliseconds: number;
}

const CALLS = 150;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));

/** The stages' sender first of those there are: what a later version no longer has is not measured. */
const SENDERS = `
  import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
  import { DirectQueueSender, directSqs } from './lambdas/aws/direct-sender.ts';
  import { sqsClient } from './lambdas/aws/clients.ts';
  import * as queue from './lambdas/aws/queue.ts';
  import { entriesOf } from './lambdas/aws/send-message-batch.ts';

  export const senders = (url) => {
    const direct = new DirectQueueSender(directSqs(url, Date.now), url);
    const bare = new SQSClient({});
    const Stages = queue['SqsQueueSender'];
    const stages = Stages === undefined ? undefined : new Stages(sqsClient(), url);
    return [
      { name: 'ingest', send: (messages) => direct.send(messages) },
      ...(stages === undefined ? [] : [{ name: 'the SDK, as a function may use it', send: (messages) => stages.send(messages) }]),
      {
        name: 'the bare SDK client',
        send: (messages) => bare.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entriesOf(messages) })),
      },
    ];
  };`;

interface Told {
  readonly isReady?: boolean;
  readonly measured?: readonly SendCost[];
  readonly error?: string;
}

const bundle = async (dir: string): Promise<string> => {
  const outfile = join(dir, 'senders.mjs');
  await build({
    stdin: { contents: SENDERS, resolveDir: ROOT },
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
    banner: {
      js: `import{createRequire as benchCreateRequire}from'node:module';const require=benchCreateRequire(import.meta.url);`,
    },
  });
  return outfile;
};

const inChild = async (
  file: string,
  url: string,
  rounds: number,
): Promise<readonly (readonly SendCost[])[]> => {
  const child = fork(CHILD, [file, url], {
    execArgv: [],
    env: {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_SESSION_TOKEN: 'bench',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_ENDPOINT_URL: new URL(url).origin,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const told = (): Promise<Told> => toldBy(child);
  try {
    await told();
    const all: (readonly SendCost[])[] = [];
    // The first rounds warm.
    for (let round = -2; round < rounds; round += 1) {
      const answer = told();
      child.send({ calls: CALLS });
      const { measured, error } = await answer;
      if (measured === undefined) throw new Error(error ?? 'the process did not measure');
      if (round >= 0) all.push(measured);
    }
    return all;
  } finally {
    child.kill('SIGKILL');
  }
};

export const measureSend = async (rounds: number): Promise<readonly SendCost[]> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  return closing(
    () => rm(dir, { recursive: true, force: true }),
    async () => {
      const queue = await openQueue();
      return closing(queue.close, async () => {
        const all = await inChild(await bundle(dir), queue.url, rounds);
        return (all[0] ?? []).map(({ name }, i) => ({
          name,
          milliseconds: median(all.map((round) => round[i]?.milliseconds ?? 0)),
        }));
      });
    },
  );
};

export const sendRows = (costs: readonly SendCost[]): Rows => {
  const bare = costs.at(-1)?.milliseconds;
  return [
    ['SendMessageBatch of 10', 'processor ms', ': the bare client'],
    ...costs.map(({ name, milliseconds }) => [
      name,
      milliseconds.toFixed(2),
      bare === undefined ? '' : (milliseconds / bare).toFixed(2),
    ]),
  ];
};

export const sendTable = (value: readonly SendCost[]): string => toTable(sendRows(value));
