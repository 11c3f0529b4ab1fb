/** A fake of the system under test: it answers immediately, and delivers when the test requests it. */
import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { RunningSystem } from '../../../tools/bench/system.ts';

export interface FakeEvent {
  readonly messageId: string;
  readonly userId: string;
}

interface FakeOptions {
  /** What is delivered of a request, and in which order. Default: as it came. */
  readonly deliver?: (events: readonly FakeEvent[]) => readonly FakeEvent[];
  /** How many requests are answered 503 before the first is taken. Default: none. */
  readonly refusals?: number;
  /** @param url the request's */
  readonly onRequest?: (url: string) => void;
}

export interface Fake extends RunningSystem {
  readonly paths: Set<string>;
}

const bodyOf = async (request: IncomingMessage): Promise<readonly FakeEvent[]> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const json = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
  const body = JSON.parse(json.toString()) as FakeEvent | { readonly batch: readonly FakeEvent[] };
  return 'batch' in body ? body.batch : [body];
};

const post = async (url: string, event: FakeEvent): Promise<void> => {
  const outgoing = send(url, { method: 'POST', agent: false });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  outgoing.end(JSON.stringify(event));
  const [response] = await answered;
  response.resume();
  await once(response, 'end');
};

export const startFake = async (
  destinations: readonly string[],
  { deliver = (events) => events, refusals = 0, onRequest }: FakeOptions = {},
): Promise<Fake> => {
  const paths = new Set<string>();
  // One after the other, so that the order is what the test says.
  let delivering = Promise.resolve();
  let refused = 0;
  const server = createServer((request, response) => {
    void bodyOf(request).then((events) => {
      paths.add(request.url ?? '');
      onRequest?.(request.url ?? '');
      if (refused < refusals) {
        refused += 1;
        response.writeHead(503, { 'retry-after': '0' }).end();
        return;
      }
      response.end('OK');
      delivering = delivering.then(async () => {
        for (const event of deliver(events)) for (const url of destinations) await post(url, event);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    paths,
    dataPlaneUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writeKey: 'key',
    pids: [process.pid],
    delivers: destinations.length > 0,
    stop: async () => {
      await delivering;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
