/** Two senders: the real SDK, and a plain client that never gives up. */
import { setTimeout as sleep } from 'node:timers/promises';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import type { SentEvent } from '../support/audit.ts';

/** Events of `users` users, `each` of each, interleaved: user 0, user 1, ..., user 0, ... */
export const eventsOf = (users: readonly string[], each: number, from = 0): readonly SentEvent[] =>
  Array.from({ length: each }, (_, i) => users.map((user) => ({ user, seq: from + i }))).flat();

export const usersNamed = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

const inChunks = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));

/** The SDK's default for the events of one request. */
const FLUSH_AT = 20;

/**
 * Sends events with the RudderStack SDK, as it comes. It posts as many requests at once as it has events for, and so
 * loses the order before anything is accepted; here it is given a request's worth at a time, and waits for its
 * callbacks.
 */
export const sendWithSdk = async (
  dataPlaneUrl: string,
  writeKey: string,
  events: readonly SentEvent[],
): Promise<void> => {
  const client = new RudderAnalytics(writeKey, { dataPlaneUrl });
  // Its first event goes out alone, at once.
  const chunks = [events.slice(0, 1), ...inChunks(events.slice(1), FLUSH_AT)];
  for (const chunk of chunks) {
    const taken = chunk.map(
      ({ user, seq }) =>
        new Promise<void>((done, fail) => {
          // Its types leave the callback's argument out.
          const callback = (error?: Error): void => (error === undefined ? done() : fail(error));
          client.track({ userId: user, event: 'Step', properties: { seq } }, callback);
        }),
    );
    if (chunk.length < FLUSH_AT) await client.flush();
    await Promise.all(taken);
  }
};

export interface PlainOptions {
  /** Asked for each request: a local run that is started again listens on another port. */
  readonly url: () => string;
  readonly writeKey: string;
  /** Events of one request. */
  readonly batch?: number;
  readonly onAcknowledged?: (events: number) => void;
}

/**
 * Sends events over plain HTTP, in order: what is not answered 200 is sent again until it is.
 * @throws Error on an answer that says that sending again is of no use
 */
export const sendPlainly = async (
  events: readonly SentEvent[],
  { url, writeKey, batch = 20, onAcknowledged }: PlainOptions,
): Promise<void> => {
  for (const chunk of inChunks(events, batch)) {
    const body = JSON.stringify({
      batch: chunk.map(({ user, seq }) => ({
        type: 'track',
        userId: user,
        event: 'Step',
        messageId: `${user}-${seq}`,
        properties: { seq },
      })),
    });
    for (;;) {
      const status = await post(`${url()}/v1/batch`, writeKey, body);
      if (status === 200) break;
      if (status !== undefined && status < 500 && status !== 429) throw new Error(`answered ${status}`);
      await sleep(100);
    }
    onAcknowledged?.(chunk.length);
  }
};

/** @returns the status; undefined when there was no answer */
const post = async (url: string, writeKey: string, body: string): Promise<number | undefined> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
      },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    if (typeof errnoOf(error) === 'string') return undefined;
    throw error;
  }
};

/** What fetch throws when nobody listens, or when the connection breaks, has the system's error as its cause. */
const errnoOf = (error: unknown): unknown => {
  const { cause } = error as { cause?: { code?: unknown } };
  return cause?.code;
};
