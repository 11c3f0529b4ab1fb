import { afterEach, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import net from 'node:net';
import { httpClient, type HttpClientOptions } from '../../../lambdas/deliver/http-client.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** Starts a server on a free port of this machine; stops it and all its connections after the test. */
const listen = async <S extends net.Server>(server: S): Promise<{ server: S; url: string }> => {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closers.push(async () => {
    const closed = new Promise((done) => server.close(done));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { server, url: `http://127.0.0.1:${address.port}/hook` };
};

const serve = (listener: http.RequestListener) => listen(http.createServer(listener));
/** A server whose raw answers the test writes, for each request of each connection. */
const serveRaw = (onRequest: (socket: net.Socket, connection: number, request: number) => void) => {
  let connections = 0;
  return listen(
    net.createServer((socket) => {
      const connection = (connections += 1);
      let requests = 0;
      socket.on('data', (data) => {
        if (data.includes('POST ')) onRequest(socket, connection, (requests += 1));
      });
    }),
  );
};

const client = (options: Partial<HttpClientOptions> = {}) =>
  httpClient({ timeout: 5_000, networks: ['loopback'], ...options });
const post = (url: string, options: Partial<HttpClientOptions> = {}) =>
  client(options)({ url, headers: { 'Content-Type': 'application/json' }, body: '{"é":1}' });

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('an answer', () => {
  it('is returned with its status, body and the relevant headers', async () => {
    const { url } = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        response.writeHead(503, { 'Retry-After': '9', 'X-Other': 'y' });
        response.end(`${request.method} ${request.url} ${request.headers['content-length']} ${body}`);
      });
    });
    expect(await post(`${url}?a=b`)).toEqual({
      kind: 'answer',
      status: 503,
      headers: { 'retry-after': '9', location: undefined },
      body: 'POST /hook?a=b 8 {"é":1}',
    });
  });

  it('is read whole for a program that works on with it: all headers, and more than 64 KB', async () => {
    const { url } = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { 'X-Other': 'y' }).end('x'.repeat(100_000));
    });
    const request = { url, headers: {}, body: '' };
    const whole = await client({ readsWhole: true })(request);
    expect(whole).toMatchObject({ headers: { 'x-other': 'y' } });
    expect(whole.kind === 'answer' && whole.body).toHaveLength(100_000);
    const part = await client()(request);
    expect(part.kind === 'answer' && part.body).toHaveLength(65_536);
  });

  it('to another method, and to bytes', async () => {
    const { url } = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => response.end(`${request.method} ${Buffer.concat(chunks).toString('hex')}`));
    });
    const bytes = Uint8Array.from([0, 255, 16]);
    expect(await client()({ method: 'PUT', url, headers: {}, body: '', bytes })).toMatchObject({
      body: 'PUT 00ff10',
    });
  });

  it('has as long as the request has left, where that is less', async () => {
    const { url } = await serve((request) => request.resume());
    expect(await client()({ url, headers: {}, body: '', timeout: 200 })).toEqual({
      kind: 'transport',
      reason: 'no complete answer within 0.2 s',
    });
  });

  it('that redirects is not followed', async () => {
    const seen: string[] = [];
    const { url } = await serve((request, response) => {
      seen.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await post(url)).toMatchObject({ status: 307, headers: { location: '/elsewhere' } });
    expect(seen).toEqual(['/hook']);
  });

  it('without end is cut after 64 KB, and so is the connection', async () => {
    let cutOff: () => void = () => undefined;
    const wasCut = new Promise<void>((done) => (cutOff = done));
    const { url } = await serve((_, response) => {
      const more = () => {
        while (response.write('x'.repeat(10_000)));
      };
      response.on('drain', more).on('close', cutOff);
      more();
    });
    // The size limit must end it, not the time limit.
    const reply = await post(url, { timeout: 3_600_000 });
    expect(reply).toMatchObject({ kind: 'answer', status: 200, body: 'x'.repeat(64 * 1024) });
    await wasCut;
  });

  it('may have no body', async () => {
    const { url } = await serve((_, response) => response.writeHead(204).end());
    expect(await post(url)).toMatchObject({ status: 204, body: '' });
  });
});

describe('connections', () => {
  it('are kept alive', async () => {
    let connections = 0;
    const { server, url } = await serve((_, response) => response.end('ok'));
    server.on('connection', () => (connections += 1));
    const send = client();
    for (let i = 0; i < 3; i += 1) await send({ url, headers: {}, body: '{}' });
    expect(connections).toBe(1);
  });

  it('one that was closed while idle is no failure: the request uses a new one', async () => {
    const seen: string[] = [];
    const { url } = await serveRaw((socket, connection, request) => {
      seen.push(`${connection}/${request}`);
      if (connection === 1 && request === 2) socket.resetAndDestroy();
      else socket.write(OK);
    });
    const send = client();
    expect(await send({ url, headers: {}, body: '{}' })).toMatchObject({ status: 200 });
    expect(await send({ url, headers: {}, body: '{}' })).toMatchObject({ status: 200 });
    expect(seen).toEqual(['1/1', '1/2', '2/1']);
  });

  it('a new one that is reset is a failure, tried once', async () => {
    const seen: number[] = [];
    const { url } = await serveRaw((socket, connection) => {
      seen.push(connection);
      socket.resetAndDestroy();
    });
    expect(await post(url)).toMatchObject({
      kind: 'transport',
      reason: expect.stringContaining('ECONNRESET') as unknown,
    });
    expect(seen).toEqual([1]);
  });
});

describe('no complete answer is a transport failure', () => {
  const late = { kind: 'transport', reason: 'no complete answer within 0.15 s' };

  it('a server that never answers', async () => {
    const { url } = await serveRaw(() => undefined);
    expect(await post(url, { timeout: 150 })).toEqual(late);
  });

  it('a server that drips: the limit holds for the whole, to the last byte', async () => {
    const { url } = await serve((_, response) => {
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => {
        clearInterval(drip);
      });
    });
    expect(await post(url, { timeout: 150 })).toEqual(late);
  });

  it('a name server that never answers', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    expect(await post('http://host.example/', { timeout: 150, resolve })).toEqual(late);
  });

  it.each<[string, (socket: net.Socket) => unknown, string]>([
    ['a closed connection', (socket) => socket.end(), 'ECONNRESET: socket hang up'],
    [
      'an answer that breaks off',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'),
      'ECONNRESET: aborted',
    ],
    ['something that is not HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.0\r\n'), 'HPE_INVALID_CONSTANT'],
    [
      'a change of protocol',
      (socket) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
      'the connection was closed before an answer',
    ],
  ])('%s', async (_, answer, reason) => {
    const { url } = await serveRaw(answer);
    expect(await post(url)).toMatchObject({
      kind: 'transport',
      reason: expect.stringContaining(reason) as unknown,
    });
  });

  it('a port without a listener', async () => {
    const { server, url } = await serve(() => undefined);
    await new Promise((done) => server.close(done));
    expect(await post(url)).toMatchObject({
      kind: 'transport',
      reason: expect.stringContaining('ECONNREFUSED') as unknown,
    });
  });

  it('several addresses without an answer: the reason lists each', async () => {
    const { server, url } = await serve(() => undefined);
    const { port } = new URL(url);
    await new Promise((done) => server.close(done));
    const resolve = () =>
      Promise.resolve([
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]);
    const reply = await post(`http://host.example:${port}/`, { resolve });
    expect(reply).toMatchObject({ kind: 'transport' });
    expect(JSON.stringify(reply)).toMatch(/ECONNREFUSED.*127\.0\.0\.1.*127\.0\.0\.2/);
  });

  it('a name that does not exist', async () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND host.example'), { code: 'ENOTFOUND' });
    expect(await post('http://host.example/', { resolve: () => Promise.reject(error) })).toEqual({
      kind: 'transport',
      reason: 'getaddrinfo ENOTFOUND host.example',
    });
  });

  it('a TLS handshake that fails', async () => {
    const { url } = await serve((_, response) => response.end('ok'));
    expect(await post(url.replace('http:', 'https:'))).toMatchObject({ kind: 'transport' });
  });
});

describe('an address that is not public', () => {
  it('is never connected to, by name or by number', async () => {
    let connections = 0;
    const { server, url } = await serve((_, response) => response.end('secret'));
    server.on('connection', () => (connections += 1));
    const { port } = new URL(url);
    const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    for (const target of [url, `http://host.example:${port}/`, `http://[::ffff:127.0.0.1]:${port}/`]) {
      expect(await post(target, { networks: [], resolve })).toMatchObject({
        kind: 'misconfigured',
        reason: expect.stringContaining('set allowPrivateNetwork') as unknown,
      });
    }
    expect(connections).toBe(0);
    expect(
      await post(`http://host.example:${port}/`, { networks: ['loopback', 'private', 'linkLocal'], resolve }),
    ).toMatchObject({
      body: 'secret',
    });
  });

  it('is not reached by a name that changes between the check and the connection', async () => {
    const { url } = await serve((_, response) => response.end('ok'));
    const { port } = new URL(url);
    let lookups = 0;
    const resolve = () => {
      lookups += 1;
      return Promise.resolve([{ address: lookups === 1 ? '127.0.0.1' : '10.0.0.5', family: 4 }]);
    };
    expect(await post(`http://host.example:${port}/`, { resolve })).toMatchObject({ body: 'ok' });
    expect(lookups).toBe(1);
  });
});
