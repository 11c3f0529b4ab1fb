/** Another system that takes RudderStack's HTTP API: it runs already, and was told before where to deliver. */
import { InvalidArgumentError } from 'commander';
import type { Sink, System } from './system.ts';

export interface Peer {
  /** Of its data plane, without a slash at the end. */
  readonly url: string;
  readonly writeKey: string;
  readonly sink: Sink | undefined;
  /** The roots of its processes, if they are on this machine. */
  readonly pids: readonly number[];
}

const httpUrl = (text: string, example: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:') throw new InvalidArgumentError(`Use an address such as ${example}.`);
  if (url.search !== '' || url.hash !== '' || url.username !== '')
    throw new InvalidArgumentError(`Leave out what is not host, port and path: ${example}.`);
  return url;
};

/** @throws InvalidArgumentError */
export const parsePeerUrl = (text: string): string => {
  const example = 'http://127.0.0.1:8080';
  const { origin, pathname } = httpUrl(text, example);
  const path = pathname.replace(/\/+$/, '');
  if (/\/v1(\/|$)/.test(path))
    throw new InvalidArgumentError(`The benchmark adds /v1/batch and /v1/track: use ${example}.`);
  return `${origin}${path}`;
};

/** @throws InvalidArgumentError */
export const parseSink = (text: string): Sink => {
  const { hostname, port, pathname } = httpUrl(text, 'http://127.0.0.1:9900/hook');
  if (port === '')
    throw new InvalidArgumentError('Give the port, too: the benchmark listens there. It is none below 1024.');
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port), path: pathname };
};

export const peerSystem = ({ url, writeKey, sink, pids }: Peer): System => ({
  name: 'other',
  sink,
  // Its configuration is one: a destination, and no transform.
  fits: ({ destinations, hasTransform }) => destinations === 1 && !hasTransform,
  start: () =>
    Promise.resolve({
      dataPlaneUrl: url,
      writeKey,
      pids,
      delivers: sink !== undefined,
      stop: () => Promise.resolve(),
    }),
});
