/** Runs a function's code in a process of its own, as Lambda does: with the options that the template sets, and nothing of TypeScript. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENV } from '../../../contract/environment.ts';
import { toldBy } from '../told.ts';

export interface Start {
  /** From the first to the last line of the code's modules: of Lambda's "Init Duration" what the code has in its hands. */
  readonly milliseconds: number;
  /** Milliseconds of processor time. */
  readonly processor: number;
  readonly memoryBytes: number;
}

export interface Work {
  readonly requests: readonly object[];
  /** The same as JSON: the floor parses and writes it. */
  readonly bodies: readonly string[];
  readonly calls: number;
}

/** Milliseconds of processor time, all calls together. */
export interface Measured {
  readonly ingest: number;
  readonly floor: number;
}

interface Told {
  readonly start?: Start;
  readonly measured?: Measured;
  readonly error?: string;
}

export interface Running {
  readonly start: Start;
  measure(work: Work): Promise<Measured>;
  stop(): Promise<void>;
}

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));

/** As the template has it. */
const SOURCE_MAPS = '--enable-source-maps';

/** @param codeDir of a function @param queueUrl where it sends @param options of Node */
export const runFunction = async (
  codeDir: string,
  queueUrl: string,
  options = SOURCE_MAPS,
): Promise<Running> => {
  const child = fork(CHILD, [join(codeDir, 'index.mjs')], {
    execArgv: [],
    env: {
      NODE_OPTIONS: options,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_SESSION_TOKEN: 'bench',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_ENDPOINT_URL: new URL(queueUrl).origin,
      [ENV.eventsQueueUrl]: queueUrl,
      [ENV.pipeline]: 'bench',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const told = (): Promise<Told> => toldBy(child);
  const { start, error } = await told();
  if (start === undefined) throw new Error(error ?? 'the process did not start');
  return {
    start,
    measure: async (work) => {
      const answer = told();
      child.send(work);
      const { measured, error: reason } = await answer;
      if (measured === undefined) throw new Error(reason ?? 'the process did not measure');
      return measured;
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
};
