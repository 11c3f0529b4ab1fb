/** moto's server as a process of this one: AWS, as others have written it from its documentation. It runs no Lambda function here. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { until } from '../driver/until.ts';

export interface Moto {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const HOST = '127.0.0.1';

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** @returns undefined when it is not installed */
const start = async (port: number): Promise<ChildProcess | undefined> => {
  const child = spawn('moto_server', ['-H', HOST, '-p', String(port)], { stdio: 'ignore' });
  const error = await Promise.race([
    once(child, 'spawn').then(() => undefined),
    once(child, 'error').then(([failure]) => failure as NodeJS.ErrnoException),
  ]).catch((failure: unknown) => failure as NodeJS.ErrnoException);
  if (error === undefined) return child;
  if (error.code === 'ENOENT') return undefined;
  throw error;
};

/** @returns undefined when it is not installed */
export const startMoto = async (): Promise<Moto | undefined> => {
  const port = await freePort();
  const child = await start(port);
  if (child === undefined) return undefined;
  // However this process ends.
  process.once('exit', () => child.kill());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const url = `http://${HOST}:${port}`;
  await until(
    'moto_server',
    async () => {
      // A version manager has a command of the name without the package: it ends.
      if (child.exitCode !== null) return true;
      return (await fetch(`${url}/moto-api/data.json`)).ok;
    },
    { pollMs: 200, retriesErrors: true },
  );
  if (child.exitCode !== null) return undefined;
  return {
    url,
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
};
