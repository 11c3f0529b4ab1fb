/** The checks' world as it is: control, the data plane over HTTP, and the local run's logs. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { Ask, RequestOf } from '../client.ts';
import { CommandFailure, messageOf } from '../failure.ts';
import { CANARY } from '../../contract/canary.ts';
import { configOf } from '../describe-stack.ts';
import type { ControlResults } from '../../contract/operations.ts';
import { examine, STACK_CHECKS, type CheckResult } from '../doctor/run.ts';
import { readSettings } from '../../local/common/settings.ts';
import type { Session } from '../session.ts';
import type { StackOptions } from '../transport.ts';
import type { Answer, HttpRequest, World } from './world.ts';

/** Milliseconds: of a request to the data plane. */
const PATIENCE = 35_000;
const CONTROL_PAUSE = 1_000;
/** Control runs alone, and its own runs take seconds. */
const CONTROL_TRIES = 120;

/** All requests of the checks may be made twice. */
const isBusy = (message: string): boolean =>
  /TooManyRequests|ConcurrentInvocationLimitExceeded|TimeoutError|took too long/.test(message);

/** Asks again while another run of control is under way. */
export const patientAsk =
  (ask: Ask, pause: (milliseconds: number) => Promise<unknown> = sleep): Ask =>
  async <Command extends keyof ControlResults>(request: RequestOf<Command>) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await ask<Command>(request);
      } catch (error) {
        const isAgain = error instanceof CommandFailure && isBusy(error.message) && tries < CONTROL_TRIES;
        if (!isAgain) throw error;
        await pause(CONTROL_PAUSE);
      }
    }
  };

const requester =
  (url: string) =>
  async ({ method, path, headers = {}, body }: HttpRequest): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE),
    }).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
      throw new CommandFailure(`${method} ${path} of ${url} has no answer: ${messageOf(error)}${cause}`, {
        cause: error,
      });
    });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  };

const tlsVersionOf = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({
      host: hostname,
      port: Number(port || 443),
      servername: hostname,
      timeout: PATIENCE,
    });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol() ?? 'unknown');
      socket.destroy();
    });
    socket.once('error', reject).once('timeout', () => socket.destroy(new Error('no answer')));
  });

/** @returns what reads the lines that are written from now on */
const localLogs = async (directory: string): Promise<() => Promise<readonly string[]>> => {
  const files = async (): Promise<readonly string[]> =>
    (await readdir(directory)).filter((name) => name.endsWith('.log')).map((name) => join(directory, name));
  const before = new Map<string, number>();
  for (const file of await files()) before.set(file, (await stat(file)).size);
  return async () => {
    const lines: string[] = [];
    for (const file of await files()) {
      const text = (await readFile(file)).subarray(before.get(file) ?? 0).toString();
      lines.push(...text.split('\n').filter((line) => line.includes('AccessDenied')));
    }
    return lines;
  };
};

const examiner = (options: StackOptions) => async (): Promise<readonly CheckResult[]> => {
  // Loaded only here: its clients are many.
  const { awsWorld } = await import('../doctor/aws-world.ts');
  const from = { settings: readSettings(process.env, process.cwd()), cwd: process.cwd() };
  return examine(awsWorld(options, from), STACK_CHECKS);
};

const adopter = (ask: Ask, options: StackOptions) => async (): Promise<number> => {
  const { adopt } = await import('../adopt/run.ts');
  const { awsQueues } = await import('../adopt/aws-queues.ts');
  const { moved } = await adopt(ask, awsQueues(configOf(options)), { destination: CANARY });
  return moved;
};

export const openWorld = async (session: Session, run: string, deploy: World['deploy']): Promise<World> => {
  const dataPlaneUrl = (await session.dataPlane()).replace(/\/+$/, '');
  const { logs } = session;
  return {
    ask: patientAsk(session.ask),
    request: requester(dataPlaneUrl),
    dataPlaneUrl,
    isAws: logs === undefined,
    tlsVersion: () => tlsVersionOf(dataPlaneUrl),
    deniedInLogs: logs === undefined ? undefined : await localLogs(logs),
    deploy,
    adopt: session.stack === undefined ? undefined : adopter(patientAsk(session.ask), session.stack),
    examineStack: session.stack === undefined ? undefined : examiner(session.stack),
    clock: Date.now,
    sleep: async (milliseconds) => sleep(milliseconds),
    run,
    command: session.view.command,
  };
};
