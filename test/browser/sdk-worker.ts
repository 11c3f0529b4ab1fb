/** A service worker with RudderStack's SDK for service workers: with its defaults, and with a delivery that does not give up. */
import {
  Analytics,
  type ConstructorOptions,
  type FlushOverrideMessage,
} from '@rudderstack/analytics-js-service-worker';

export interface WorkerSettings {
  readonly writeKey: string;
  readonly dataPlaneUrl: string;
}

export interface Order {
  readonly client: 'default' | 'persistent';
  readonly user: string;
  readonly events: number;
}

/** The other types of the browser library are for pages only. */
interface OrderEvent extends MessageEvent<Order> {
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** Milliseconds. */
const PAUSE = 1_000;

let before: Promise<void> = Promise.resolve();

/** One request after another, to keep the order; each is repeated until it is accepted or permanently refused. */
const flushOverride = (message: FlushOverrideMessage): void => {
  before = before.then(() => deliver(message));
};

const deliver = async ({ host, writeKey, headers, data, done }: FlushOverrideMessage): Promise<void> => {
  const authorization = `Basic ${btoa(`${writeKey}:`)}`;
  const request = { method: 'POST', headers: { ...headers, authorization }, body: JSON.stringify(data) };
  for (;;) {
    const status = await fetch(host, request).then(
      (response) => response.status,
      () => 0,
    );
    const isRefused = status >= 400 && status < 500 && status !== 429;
    if (status === 200 || isRefused) {
      done(isRefused ? new Error(`answered ${status}`) : undefined);
      return;
    }
    await new Promise((end) => setTimeout(end, PAUSE));
  }
};

const { writeKey, dataPlaneUrl } = JSON.parse(
  new URLSearchParams(location.search).get('settings') ?? '',
) as WorkerSettings;
// Sends all events of an order in one request.
const options: ConstructorOptions = { flushAt: 100, logLevel: 'off' };
const clients = {
  default: new Analytics(writeKey, dataPlaneUrl, options),
  persistent: new Analytics(writeKey, dataPlaneUrl, { ...options, flushOverride }),
};

/** @returns the result for each event: '' if it was accepted */
const send = ({ client, user, events }: Order): Promise<readonly string[]> => {
  const outcomes = Array.from(
    { length: events },
    (_, seq) =>
      new Promise<string>((end) => {
        clients[client].track({ userId: user, event: 'Step', properties: { seq } }, (error?: Error) =>
          end(error === undefined ? '' : String(error)),
        );
      }),
  );
  clients[client].flush();
  return Promise.all(outcomes);
};

addEventListener('message', (message) => {
  const { data, ports, waitUntil } = message as OrderEvent;
  const work = send(data).then((outcomes) => ports[0]?.postMessage(outcomes));
  // The browser terminates a worker that seems to be idle.
  waitUntil.call(message, work);
});
