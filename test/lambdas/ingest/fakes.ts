/** Shared by the ingest tests: a queue in memory, and requests in the format of API Gateway. */
import { parseEnvelope, type Envelope } from '../../../lambdas/core/event/envelope.ts';
import { NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { OutgoingMessage, QueueSender, SendResult } from '../../../lambdas/core/base/messages.ts';
import { createIngest, type IngestOptions } from '../../../lambdas/ingest/ingest.ts';
import type { ProxyEvent } from '../../../lambdas/ingest/request.ts';
import type { ProxyResult } from '../../../lambdas/ingest/response.ts';
import { keysToSources } from '../../../lambdas/ingest/write-key.ts';

export const NOW = '2026-01-02T03:04:05.678Z';
export const WRITE_KEY = 'local-write-key';
export const ACCEPTED: SendResult = { ok: true };
export const THROTTLED: SendResult = { ok: false, senderFault: false, reason: 'throttled' };

/** As a FIFO queue with the deduplication scope `messageGroup`: keeps what is new, in the order of arrival. */
export class FakeQueue implements QueueSender {
  readonly calls: (readonly OutgoingMessage[])[] = [];
  readonly stored: OutgoingMessage[] = [];
  readonly #seen = new Set<string>();

  send(messages: readonly OutgoingMessage[]): Promise<readonly SendResult[]> {
    this.calls.push(messages);
    messages.forEach((message) => this.store(message));
    return Promise.resolve(messages.map(() => ACCEPTED));
  }

  store(message: OutgoingMessage): void {
    const id = `${message.groupId} ${message.deduplicationId}`;
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    this.stored.push(message);
  }

  get envelopes(): Envelope[] {
    return this.stored.map(({ body }) => {
      const envelope = parseEnvelope(body);
      if (envelope === undefined) throw new Error('ingest sent what the router cannot read');
      return envelope;
    });
  }
}

export const basic = (user: string, password = ''): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

export interface RequestParts {
  readonly method?: string;
  readonly path?: string;
  /** Without its question mark. */
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly ip?: string;
}

/** Decoded, in both of the gateway's forms: of a repeated name the one has the last value, the other all. */
const queryOf = (text = ''): Partial<ProxyEvent> => {
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length === 0) return { queryStringParameters: null, multiValueQueryStringParameters: null };
  const lists = new Map<string, string[]>();
  for (const [name, value] of pairs) lists.set(name, [...(lists.get(name) ?? []), value]);
  return {
    queryStringParameters: Object.fromEntries(pairs),
    multiValueQueryStringParameters: Object.fromEntries(lists),
  };
};

// All media types are binary to the gateway, so every body arrives as base64.
export const proxyEvent = ({
  method = 'POST',
  path = '/v1/batch',
  query,
  headers = { Authorization: basic(WRITE_KEY) },
  body,
  ip = '203.0.113.7',
}: RequestParts): ProxyEvent => ({
  httpMethod: method,
  path,
  headers,
  ...queryOf(query),
  multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
  body: body === undefined ? null : Buffer.from(body).toString('base64'),
  isBase64Encoded: body !== undefined,
  requestContext: { identity: { sourceIp: ip } },
});

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export const setUp = (more: Partial<IngestOptions> = {}) => {
  const queue = new FakeQueue();
  const logs: Line[] = [];
  const metrics: { dimensions: Record<string, string>; values: Record<string, number> }[] = [];
  let ids = 0;
  const ingest = createIngest({
    sourceOf: keysToSources([
      { id: 'web', enabled: true, orderBy: 'auto', writeKeys: [WRITE_KEY, 'rotated-key'] },
      { id: 'app', enabled: true, orderBy: 'auto', writeKeys: ['app-key'] },
      { id: 'old', enabled: false, orderBy: 'auto', writeKeys: ['old-key'] },
    ]),
    sender: queue,
    deadline: 5_000,
    maxKeys: 5_000,
    clock: () => Date.parse(NOW),
    random: () => 0.5,
    newId: () => `new-${ids++}`,
    sleep: () => Promise.resolve(),
    log: (level, message, fields = {}) => logs.push({ level, message, fields }),
    emitMetrics: (dimensions, values) => metrics.push({ dimensions, values }),
    readMode: () => Promise.resolve(NORMAL),
    probeQueue: () => Promise.resolve(),
    version: { version: '1.2.3', codeVersion: 'c0de' },
    ...more,
  });
  const post = (body: unknown, parts: RequestParts = {}): Promise<ProxyResult> =>
    ingest(proxyEvent({ body: typeof body === 'string' ? body : JSON.stringify(body), ...parts }));
  return { ingest, post, queue, logs, metrics };
};

/** All events in a queue, in the order of arrival. */
export const eventsOf = (queue: ReturnType<typeof setUp>['queue']): readonly Record<string, unknown>[] =>
  queue.envelopes.flatMap((envelope) => (envelope.kind === 'events' ? envelope.events : []));
