/** Two senders: the real SDK, and a plain client that never gives up. */
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import type { SentEvent } from '../../tools/driver/audit.ts';
import { Connection, type Persistence } from '../../tools/driver/client.ts';

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
 * Sends events with the unmodified RudderStack SDK. It posts requests in parallel if it has enough events, and so
 * loses the order before anything is accepted; here it gets the events of one request at a time, and waits for its
 * callbacks.
 */
export const sendWithSdk = async (
  dataPlaneUrl: string,
  writeKey: string,
  events: readonly SentEvent[],
): Promise<void> => {
  const client = new RudderAnalytics(writeKey, { dataPlaneUrl });
  // It sends its first event alone and immediately.
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

/** A client that never gives up. */
const PLAINLY: Persistence = { maxTries: Infinity, pauseMs: 100, resendsUnanswered: true };

export interface PlainOptions {
  /** Called for each request: after a restart a local run listens on another port. */
  readonly url: () => string;
  readonly writeKey: string;
  /** Events of one request. */
  readonly batch?: number;
  readonly onAcknowledged?: (events: number) => void;
}

/**
 * Sends events over plain HTTP, in order: a request is repeated until it is answered 200.
 * @throws Error on an answer that rules out a retry
 */
export const sendPlainly = async (
  events: readonly SentEvent[],
  { url, writeKey, batch = 20, onAcknowledged }: PlainOptions,
): Promise<void> => {
  const target = {
    writeKey,
    get dataPlaneUrl(): string {
      return url();
    },
  };
  const connection = new Connection(target);
  try {
    for (const chunk of inChunks(events, batch)) {
      const all = chunk.map(({ user, seq }) => ({
        type: 'track',
        userId: user,
        event: 'Step',
        messageId: `${user}-${seq}`,
        properties: { seq },
      }));
      await connection.insist('/v1/batch', { batch: all }, PLAINLY);
      onAcknowledged?.(chunk.length);
    }
  } finally {
    connection.close();
  }
};
