/** The destinations of a pipeline that are on this machine: whether someone listens there, and a listener where nobody does. */
import { connect } from 'node:net';
import type { Listening } from '../../local/common/http.ts';
import type { DescribedPipeline } from '../../local/run/described.ts';
import { startListener } from '../listen.ts';

/** Milliseconds: on this machine, or nowhere. */
const PATIENCE = 1_000;

const LOCAL = new Set(['127.0.0.1', 'localhost', '[::1]']);

export interface LocalDestination {
  readonly id: string;
  readonly port: number;
}

/** Those whose URL is on this machine. */
export const localDestinations = ({
  destinations,
}: Pick<DescribedPipeline, 'destinations'>): readonly LocalDestination[] =>
  destinations.flatMap(({ id, target }) => {
    if (typeof target !== 'string') return [];
    const { hostname, protocol, port } = new URL(target);
    if (protocol !== 'http:' || !LOCAL.has(hostname)) return [];
    return [{ id, port: Number(port === '' ? 80 : port) }];
  });

const isTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: PATIENCE });
    const end = (taken: boolean) => (): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });

/**
 * @param listens whether a listener is started where nobody listens: it prints the events that arrive
 * @returns a line for each destination on this machine
 */
export const attend = async (
  destinations: readonly LocalDestination[],
  listens: boolean,
  print: (line: string) => void,
): Promise<{ readonly lines: readonly string[]; readonly listeners: readonly Listening[] }> => {
  const lines: string[] = [];
  const listeners: Listening[] = [];
  const byPort = new Map<number, string[]>();
  for (const { id, port } of destinations) byPort.set(port, [...(byPort.get(port) ?? []), id]);
  for (const [port, ids] of byPort) {
    const names = ids.join(', ');
    if (await isTaken(port)) lines.push(`${names}: a program listens on port ${port}`);
    else if (listens) {
      listeners.push(await startListener({ port, status: 200, json: false, print }));
      lines.push(`${names}: events are printed here (port ${port}); --no-listen leaves the port to you`);
    } else lines.push(`${names}: nobody listens on port ${port}; events wait until someone does`);
  }
  return { lines, listeners };
};
