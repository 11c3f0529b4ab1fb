/** What a client takes for an answer that ends its insisting. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createServer, type RequestListener } from 'node:http';
import { listen, type Listening } from '../../../local/common/http.ts';
import { Connection, Refused, Unanswered, type Reply } from '../../../tools/driver/client.ts';

let requests: { readonly url: string; readonly body: string }[] = [];
let replies: (number | 'none')[] = [];
const answer: RequestListener = (request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    requests.push({ url: request.url ?? '', body });
    const reply = replies.shift() ?? 200;
    if (reply === 'none') request.socket.destroy();
    else response.writeHead(reply, { 'retry-after': '0' }).end('so it is');
  });
};

let server: Listening;
beforeAll(async () => {
  server = await listen(createServer(answer), { host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

const withConnection = async <T>(
  given: readonly (number | 'none')[],
  work: (connection: Connection) => Promise<T>,
): Promise<T> => {
  requests = [];
  replies = [...given];
  const connection = new Connection({ dataPlaneUrl: server.url, writeKey: 'key' });
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
};

it('sends the same request again while it is answered "try again", and says how often', async () => {
  const sent = await withConnection([503, 429], (connection) => connection.deliver([{ a: 1 }, { a: 2 }]));
  expect(sent.refusals).toBe(2);
  const request = { url: '/v1/batch', body: '{"batch":[{"a":1},{"a":2}]}' };
  expect(requests).toEqual([request, request, request]);
});

it('gives up at an answer that says that sending again is of no use', async () => {
  const refused = withConnection([503, 400], (connection) => connection.deliver([{ a: 1 }]));
  await expect(refused).rejects.toThrow(new Error('/v1/track was answered 400 at try 2: so it is'));
  await expect(refused).rejects.toBeInstanceOf(Refused);
});

it('gives up after its last try', async () => {
  const refused = withConnection([503, 503, 200], (connection) =>
    connection.deliver([{ a: 1 }], { maxTries: 2 }),
  );
  await expect(refused).rejects.toBeInstanceOf(Refused);
  expect(requests).toHaveLength(2);
});

it('without an answer it gives up, unless it is to send again', async () => {
  const unanswered = withConnection(['none'], (connection) => connection.deliver([{ a: 1 }]));
  await expect(unanswered).rejects.toBeInstanceOf(Unanswered);
  const retried: (Reply | undefined)[] = [];
  const persistence = {
    resendsUnanswered: true,
    pauseMs: 0,
    onRetry: (reply?: Reply) => void retried.push(reply),
  };
  const { refusals } = await withConnection(['none', 503], (connection) =>
    connection.deliver([{ a: 1 }], persistence),
  );
  expect(refusals).toBe(2);
  expect(retried.map((reply) => reply?.status)).toEqual([undefined, 503]);
});
