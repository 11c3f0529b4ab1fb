/** Ingest's function as it is deployed, with its call to SQS and its line of metrics, against its floor; and how it starts. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { median } from '../sandbox/median.ts';
import { runFunction, type Running, type Start } from './process.ts';
import { openQueue } from './queue.ts';
import { bodyOf, proxyEvent, type RequestShape } from './requests.ts';
import type { Version } from './versions.ts';

export interface Whole {
  readonly shape: RequestShape;
  /** In the order of the versions: processor time of a version in floors of its own process. */
  readonly ratios: readonly number[];
}

/** Requests of different content, in turn. */
const BODIES = 20;
/** Events of a measurement. */
const EVENTS = 2_000;

const measureShape = async (
  running: readonly Running[],
  shape: RequestShape,
  rounds: number,
): Promise<Whole> => {
  const bodies = Array.from({ length: BODIES }, (_, n) => bodyOf(shape, n));
  const work = { bodies, requests: bodies.map(proxyEvent), calls: Math.ceil(EVENTS / shape.events) };
  const ratios: number[][] = running.map(() => []);
  // The first two rounds warm.
  for (let round = -1; round <= rounds; round += 1) {
    for (const [i, one] of running.entries()) {
      const { ingest, floor } = await one.measure(work);
      if (round > 0) ratios[i]?.push(ingest / floor);
    }
  }
  return { shape, ratios: ratios.map(median) };
};

/** The versions in turn: what else the machine does hits all of them. */
export const measureWhole = async (
  versions: readonly Version[],
  shapes: readonly RequestShape[],
  rounds: number,
): Promise<readonly Whole[]> => {
  const queue = await openQueue();
  const running: Running[] = [];
  try {
    for (const { codeDir } of versions) running.push(await runFunction(codeDir, queue.url));
    const all: Whole[] = [];
    for (const shape of shapes) all.push(await measureShape(running, shape, rounds));
    return all;
  } finally {
    for (const one of running) await one.stop();
    await queue.close();
  }
};

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The AWS SDK's client of SQS and nothing else, in one file: what a function that sends to SQS is usually made of. */
const bundleBareClient = async (dir: string): Promise<string> => {
  const codeDir = join(dir, 'bare');
  await mkdir(codeDir, { recursive: true });
  await build({
    stdin: {
      contents: `import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
        const client = new SQSClient({});
        export const handler = (input) => client.send(new SendMessageBatchCommand(input));`,
      resolveDir: ROOT,
    },
    outfile: join(codeDir, 'index.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'silent',
    banner: {
      js: `import{createRequire as benchCreateRequire}from'node:module';const require=benchCreateRequire(import.meta.url);`,
    },
  });
  return codeDir;
};

export interface ColdStart {
  readonly name: string;
  readonly start: Start;
}

const medianStart = (starts: readonly Start[]): Start => {
  const of = (key: keyof Start): number => median(starts.map((start) => start[key]));
  return { milliseconds: of('milliseconds'), processor: of('processor'), memoryBytes: of('memoryBytes') };
};

/** Nothing is sent there. */
const NOWHERE = 'http://127.0.0.1:9/000000000000/events.fifo';

/** In turn. @returns the bare client first */
export const measureStarts = async (
  dir: string,
  versions: readonly Version[],
  rounds: number,
): Promise<readonly ColdStart[]> => {
  const subjects = [
    { name: 'the bare SDK client', codeDir: await bundleBareClient(dir), options: undefined },
    ...versions.flatMap(({ name, codeDir }) => [
      { name: `ingest, ${name}`, codeDir, options: undefined },
      { name: `ingest, ${name}, without source maps`, codeDir, options: '' },
    ]),
  ];
  const starts: Start[][] = subjects.map(() => []);
  // The first round reads the files from the disk.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [i, { codeDir, options }] of subjects.entries()) {
      const one = await runFunction(codeDir, NOWHERE, options);
      await one.stop();
      if (round > 0) starts[i]?.push(one.start);
    }
  }
  return subjects.map(({ name }, i) => ({ name, start: medianStart(starts[i] ?? []) }));
};
