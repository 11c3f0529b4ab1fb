/** The limits of a request, and what becomes of a connection that was kept. */
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { poster } from '../../lambdas/aws/post.ts';

const LIMITS = { connect: 5_000, answer: 5_000 };
const body = Buffer.from('{}');

const open: (Server | TcpServer)[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const server of open.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

const listening = async (server: Server | TcpServer): Promise<URL> => {
  open.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
};
const http = (listener: RequestListener): Promise<URL> => listening(createHttp(listener));

test('posts to /, and gives back status, headers and text', async () => {
  const seen: unknown[] = [];
  const url = await http((request, response) => {
    seen.push([request.method, request.url, request.headers['x-a']]);
    request.pipe(response.writeHead(418, { 'x-b': '2' }));
  });
  const sent = Buffer.from('{"name":"Zoë"}');
  const answer = await poster(url, LIMITS)({ 'x-a': '1', 'content-length': String(sent.length) }, sent);
  expect(answer).toMatchObject({ status: 418, body: '{"name":"Zoë"}' });
  expect(answer.headers['x-b']).toBe('2');
  expect(seen).toEqual([['POST', '/', '1']]);
});

test('keeps its connection', async () => {
  const url = await http((_, response) => response.end());
  const post = poster(url, LIMITS);
  for (let i = 0; i < 3; i += 1) await post({}, body);
  expect(sockets.size).toBe(1);
});

test('is sent once more, on a new connection, when the ones that were kept are closed', async () => {
  let requests = 0;
  const held: (() => void)[] = [];
  const url = await http((request, response) => {
    requests += 1;
    request.resume();
    // Two at the same time, so that two connections are kept; later ones are answered on new connections alone.
    if (requests <= 2) {
      held.push(() => response.end('first'));
      if (held.length === 2) for (const answer of held) answer();
      return;
    }
    if (old.has(request.socket)) request.socket.destroy();
    else response.end('again');
  });
  const old = new Set<Socket>();
  const post = poster(url, LIMITS);
  await Promise.all([post({}, body), post({}, body)]);
  for (const socket of sockets) old.add(socket);
  expect(old.size).toBe(2);
  expect(await post({}, body)).toMatchObject({ status: 200, body: 'again' });
  expect(requests).toBe(4);
});

test('a new connection that is closed is an error, and nothing is sent again', async () => {
  let requests = 0;
  const url = await http((request) => {
    requests += 1;
    request.socket.destroy();
  });
  await expect(poster(url, LIMITS)({}, body)).rejects.toThrow(/socket hang up/);
  expect(requests).toBe(1);
});

test('an answer that does not come, or not to its end, is given up', async () => {
  const silent = await http(() => undefined);
  await expect(poster(silent, { ...LIMITS, answer: 20 })({}, body)).rejects.toMatchObject({
    name: 'TimeoutError',
    message: `${silent.host} did not answer within 20 ms`,
  });
  const slow = await http((_, response) => response.writeHead(200, { 'content-length': '5' }).write('1'));
  await expect(poster(slow, { ...LIMITS, answer: 50 })({}, body)).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

test('an answer that is cut off is an error', async () => {
  const url = await listening(
    createTcp((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{'));
    }),
  );
  await expect(poster(url, LIMITS)({}, body)).rejects.toThrow(/aborted/);
});

test('a host that cannot be reached is an error', async () => {
  // TLS with a server that never says a word.
  const url = await listening(createTcp());
  const tls = new URL(`https://127.0.0.1:${url.port}`);
  await expect(poster(tls, { ...LIMITS, connect: 20 })({}, body)).rejects.toMatchObject({
    name: 'TimeoutError',
    message: `${tls.host} could not be reached within 20 ms`,
  });
});

test('ends when its signal aborts, before or during the request', async () => {
  const stop = new AbortController();
  const url = await http(() => stop.abort());
  const post = poster(url, LIMITS);
  await expect(post({}, body, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
  await expect(post({}, body, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
});
