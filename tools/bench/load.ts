/** Sends a scenario's events over several connections in parallel. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type Persistence, type Target } from '../driver/client.ts';
import type { Ledger } from '../driver/ledger.ts';
import { trackEvent } from './event.ts';
import { Latencies } from './latency.ts';
import type { Scenario } from './scenarios.ts';

export interface LoadSize {
  readonly connections: number;
  /** At least as many as connections. */
  readonly users: number;
  readonly events: number;
  /** No request begins later than this after the first; seconds. Undefined: all events are sent. */
  readonly seconds: number | undefined;
}

export interface LoadResult {
  /** Milliseconds of `performance.now`. */
  readonly beganAt: number;
  readonly endedAt: number;
  readonly requests: number;
  readonly refusals: number;
  /** Of requests that were accepted, from their beginning to the end of the answer. */
  readonly latencies: Latencies;
}

/** @returns for each request the users of its events; a user's events are never in two connections' requests */
function* usersInTurn(connection: number, { users, connections }: LoadSize, perRequest: number) {
  const own = Array.from({ length: users }, (_, user) => user).filter(
    (user) => user % connections === connection,
  );
  for (let next = 0; ; next += perRequest) {
    yield Array.from({ length: perRequest }, (_, i) => own[(next + i) % own.length] ?? 0);
  }
}

/** What of a scenario its load is made of. */
export type LoadShape = Pick<Scenario, 'batch' | 'usersPerRequest' | 'gzip' | 'pace'>;

export interface LoadParts {
  readonly target: Target;
  readonly ledger: Pick<Ledger, 'issue' | 'accept'>;
  /** Default: as an SDK insists with a pipeline that is up. */
  readonly persistence?: Persistence;
  /** Asked before each request: nothing more is sent. */
  readonly isOver?: () => boolean;
}

/** @throws Error when events are refused for good */
export const sendLoad = async (
  scenario: LoadShape,
  size: LoadSize,
  { target, ledger, persistence, isOver = () => false }: LoadParts,
): Promise<LoadResult> => {
  const { batch, usersPerRequest, gzip, pace } = scenario;
  const latencies = new Latencies();
  const beganAt = performance.now();
  const endBy = size.seconds === undefined ? Infinity : beganAt + size.seconds * 1_000;
  /** Milliseconds between two requests of one connection. */
  const interval = pace === undefined ? 0 : (size.connections * batch * 1_000) / pace;
  let left = size.events;
  let requests = 0;
  let refusals = 0;

  const sendOver = async (connection: Connection, index: number): Promise<void> => {
    let due = beganAt + (index / size.connections) * interval;
    for (const users of usersInTurn(index, size, Math.min(usersPerRequest, batch))) {
      if (due > performance.now()) await sleep(due - performance.now());
      due += interval;
      if (left === 0 || performance.now() >= endBy || isOver()) return;
      const count = Math.min(batch, left);
      left -= count;
      const issued = Array.from({ length: count }, (_, i) => ledger.issue(users[i % users.length] ?? 0));
      const events = issued.map(({ messageId, user }) => trackEvent(messageId, user));
      const sent = await connection.deliver(events, persistence);
      for (const { messageId } of issued) ledger.accept(messageId, sent.answeredAt);
      latencies.record(sent.answeredAt - sent.beganAt);
      requests += 1;
      refusals += sent.refusals;
    }
  };

  const connections = Array.from({ length: size.connections }, () => new Connection(target, { gzip }));
  try {
    await Promise.all(connections.map(sendOver));
  } finally {
    for (const connection of connections) connection.close();
  }
  return { beganAt, endedAt: performance.now(), requests, refusals, latencies };
};
