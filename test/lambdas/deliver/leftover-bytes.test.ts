/** Servers that send more than their answer: the answer counts, and what follows it never becomes another's. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { httpClient } from '../../../lambdas/deliver/http-client.ts';
import { rawServer, type OnRequest, type RawServer } from '../../support/raw-server.ts';

const servers: RawServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const start = async (onRequest: OnRequest) => {
  const server = await rawServer(onRequest);
  servers.push(server);
  const send = httpClient({ timeout: 5_000, networks: ['loopback'] });
  const post = () => send({ url: `http://127.0.0.1:${server.port}/hook`, headers: {}, body: '{}' });
  return { post, server };
};

const head = (status: string, ...headers: readonly string[]) =>
  [`HTTP/1.1 ${status}`, ...headers, '', ''].join('\r\n');

/** Name, the answer, its body, and what follows. */
const ANSWERS: [string, string, string, string][] = [
  ['a Content-Length counted in characters', head('200 OK', 'Content-Length: 4'), '{"é', 'é"}'],
  ['a 204 with a body', head('204 No Content'), '', '{"ok":true}'],
  ['a 204 with a length and a body', head('204 No Content', 'Content-Length: 2'), '', 'ok'],
  ['bytes after the answer', head('200 OK', 'Content-Length: 2'), 'ok', '\0\0\r\n<!-- -->'],
  [
    'bytes after the last chunk',
    head('200 OK', 'Transfer-Encoding: chunked') + '2\r\nok\r\n0\r\n\r\n',
    '',
    'junk',
  ],
  [
    'bytes after an answer that closes',
    head('200 OK', 'Content-Length: 2', 'Connection: close'),
    'ok',
    'junk',
  ],
  ['a second answer', head('200 OK', 'Content-Length: 2'), 'ok', head('500 Oh', 'Content-Length: 0')],
  ['a second answer that takes it back', head('204 No Content'), '', head('400 Bad', 'Content-Length: 0')],
];
const cases = ANSWERS.map(([name, start, body, more]) => ({
  name,
  answer: start + body,
  status: Number(start.slice(9, 12)),
  body: start.includes('chunked') ? 'ok' : body,
  more,
}));

const writeInBytes = async (socket: net.Socket, text: string): Promise<void> => {
  for (const byte of Buffer.from(text)) {
    socket.write(Buffer.from([byte]));
    await sleep(1);
  }
};

describe.each(cases)('$name', ({ answer, status, body, more }) => {
  const delivered = { kind: 'answer', status, body };

  it('is an answer, and its connection is not used again', async () => {
    const { post, server } = await start((socket) => socket.write(answer + more));
    for (let i = 1; i <= 3; i += 1) {
      expect(await post()).toMatchObject(delivered);
      expect(server.connections()).toBe(i);
    }
  });

  it('is an answer also byte by byte', async () => {
    const { post } = await start((socket) => void writeInBytes(socket, answer + more));
    expect(await post()).toMatchObject(delivered);
  });

  it('is one on a connection that was kept alive', async () => {
    const { post, server } = await start((socket, _, request) =>
      socket.write(request === 1 ? head('201 Created', 'Content-Length: 0') : answer + more),
    );
    expect(await post()).toMatchObject({ status: 201 });
    expect(await post()).toMatchObject(delivered);
    expect(server.connections()).toBe(1);
  });

  it('is one when the rest comes while the connection is idle', async () => {
    let written: () => void = () => undefined;
    const { post, server } = await start((socket, connection, request) => {
      if (connection > 1 || request > 1) socket.write(head('201 Created', 'Content-Length: 0'));
      else {
        socket.write(answer);
        setTimeout(() => socket.write(more, written), 50);
      }
    });
    const wasWritten = new Promise<void>((done) => (written = done));
    expect(await post()).toMatchObject(delivered);
    await wasWritten;
    // The bytes are on their way: nothing has read them yet.
    expect(await post()).toMatchObject({ status: 201 });
    expect(server.connections()).toBe(2);
  });
});

describe('what comes late', () => {
  it('and is no answer, when the next request has been sent: that is sent again on a connection of its own', async () => {
    const seen: string[] = [];
    const { post } = await start((socket, connection, request) => {
      seen.push(`${connection}/${request}`);
      // The leftover of the first answer arrives in place of the second.
      socket.write(request === 1 ? head('200 OK', 'Content-Length: 0') : 'é"}');
    });
    expect(await post()).toMatchObject({ status: 200 });
    expect(await post()).toMatchObject({ status: 200 });
    expect(await post()).toMatchObject({ status: 200 });
    // From then on no connection is kept.
    expect(seen).toEqual(['1/1', '1/2', '2/1', '3/1']);
  });

  it('a server that only once sent too much gets no kept connection any more', async () => {
    const { post, server } = await start((socket, connection) =>
      socket.write(head('200 OK', 'Content-Length: 0') + (connection === 1 ? 'junk' : '')),
    );
    for (let i = 1; i <= 4; i += 1) expect(await post()).toMatchObject({ status: 200 });
    expect(server.connections()).toBe(4);
  });
});

describe('an answer that is not complete is a transport failure', () => {
  it.each([
    ['a status line that breaks off', 'HTTP/1.1 20'],
    ['headers that break off', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'],
    ['a body that breaks off', head('200 OK', 'Content-Length: 9') + 'ok'],
    ['a chunk that breaks off', head('200 OK', 'Transfer-Encoding: chunked') + '9\r\nok'],
    ['a last chunk that is missing', head('200 OK', 'Transfer-Encoding: chunked') + '2\r\nok\r\n'],
    ['a chunk whose length is none', head('200 OK', 'Transfer-Encoding: chunked') + 'xyz\r\nok\r\n0\r\n\r\n'],
  ])('%s', async (_, answer) => {
    const { post } = await start((socket) => socket.end(answer));
    expect(await post()).toMatchObject({ kind: 'transport' });
  });

  it('a body that breaks off by a reset', async () => {
    const { post } = await start((socket) => {
      socket.write(head('200 OK', 'Content-Length: 9') + 'ok');
      setTimeout(() => socket.resetAndDestroy(), 30);
    });
    expect(await post()).toMatchObject({ kind: 'transport' });
  });
});
