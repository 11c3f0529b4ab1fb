/** Clients that mean no good: names that objects have of their own, and connections that send and never read. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import pLimit from 'p-limit';
import { startApi } from '../../../local/api-gateway/service.ts';
import type { Listening } from '../../../local/common/http.ts';
import { until } from '../../../tools/driver/until.ts';

let api: Listening;
let events: APIGatewayProxyEvent[] = [];
/** How many calls are under way, and how many were at most. */
let now = 0;
let most = 0;
let callMs = 0;
const sockets = new Set<Socket>();
/** As the local run has it: few processes, and a queue in front of them. */
const processes = pLimit(4);

beforeAll(async () => {
  api = await startApi(
    {
      stage: () => 'live',
      responses: () => [],
      invoke: async (event) => {
        now += 1;
        most = Math.max(most, now);
        events.push(event);
        await processes(() => sleep(callMs));
        now -= 1;
        return { ok: true, payload: { statusCode: 200, body: event.path } };
      },
    },
    { host: '127.0.0.1', port: 0 },
  );
});
afterAll(() => api.close());
beforeEach(() => {
  events = [];
  most = 0;
  callMs = 0;
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

const open = async (): Promise<Socket> => {
  const socket = connect(api.port, '127.0.0.1').on('error', () => undefined);
  sockets.add(socket);
  await new Promise((done) => socket.once('connect', done));
  return socket;
};

/** A request of its own connection; until it is answered. */
const health = (): Promise<void> =>
  new Promise((done, failed) => {
    request(`${api.url}/health`, { agent: false }, (response) => {
      response.resume().on('end', () => done());
    })
      .on('error', failed)
      .end();
  });

const NAMES = ['constructor', '__proto__', 'hasOwnProperty', 'toString', 'valueOf'];

describe('names that every object has', () => {
  it.each(NAMES)('%s in the query is a parameter, with all its values', async (name) => {
    expect((await fetch(`${api.url}/v1/track?${name}=1&${name}=2`)).status).toBe(200);
    const [event] = events;
    expect(Object.entries(event?.multiValueQueryStringParameters ?? {})).toEqual([[name, ['1', '2']]]);
    expect(Object.entries(event?.queryStringParameters ?? {})).toEqual([[name, '2']]);
    expect(JSON.parse(JSON.stringify(event?.queryStringParameters))).toHaveProperty([name], '2');
  });

  it.each(NAMES)('%s as a header is one', async (name) => {
    const socket = await open();
    socket.write(`GET / HTTP/1.1\r\nhost: local\r\n${name}: 1\r\n${name}: 2\r\n\r\n`);
    await new Promise((done) => socket.once('data', done));
    const [event] = events;
    expect(Object.entries(event?.multiValueHeaders ?? {})).toContainEqual([name, ['1', '2']]);
    expect(Object.entries(event?.headers ?? {})).toContainEqual([name, '2']);
  });
});

describe('a connection that sends requests without waiting', () => {
  it('is answered one after another, in order, bodies included', async () => {
    const socket = await open();
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    callMs = 1;
    const body = 'x'.repeat(1_000);
    for (let i = 0; i < 500; i += 1) {
      const sent = i % 2 === 0 ? body : '';
      socket.write(
        `POST /no-${String(i)}; HTTP/1.1\r\nhost: local\r\ncontent-length: ${String(sent.length)}\r\n\r\n${sent}`,
      );
    }
    await until('all answers', () => text.includes('/no-499;'));
    expect([...text.matchAll(/no-(\d+);/g)].map(([, i]) => Number(i))).toEqual(
      Array.from({ length: 500 }, (_, i) => i),
    );
    expect(most).toBe(1);
    expect(events.filter((event) => event.body !== null).map(({ body: sent }) => sent?.length)).toEqual(
      Array.from({ length: 250 }, () => Buffer.from(body).toString('base64').length),
    );
  });

  it('that closes in between leaves nothing behind', async () => {
    const socket = await open();
    callMs = 50;
    socket.write('GET / HTTP/1.1\r\nhost: local\r\n\r\n'.repeat(100));
    await until('the first call', () => events.length > 0);
    socket.destroy();
    await until('no call', () => now === 0);
    await health();
    // Those that were answered before the connection closed, and the health check: not the hundred.
    expect(events.length).toBeLessThan(50);
  });
});

describe('the health check does not wait for others', () => {
  it('while 100 connections send 1,000 requests each and read no answer', async () => {
    const many = await Promise.all(Array.from({ length: 100 }, open));
    callMs = 2;
    const requests = Buffer.from('GET /v1/track HTTP/1.1\r\nhost: local\r\n\r\n'.repeat(1_000));
    for (const socket of many) {
      socket.pause();
      socket.write(requests);
    }
    await until('more than the first of each to be served', () => events.length > 150);
    for (let i = 0; i < 5; i += 1) {
      const before = events.length;
      await health();
      // Of the 100,000 that came before it, only those that were read in the meantime, one of each connection at a time.
      expect(events.length - before).toBeLessThan(10_000);
    }
    expect(most).toBeLessThanOrEqual(101);
  });

  it('while 500 connections are idle, and 100 send a header byte by byte', async () => {
    await Promise.all(Array.from({ length: 500 }, open));
    const slow = await Promise.all(Array.from({ length: 100 }, open));
    for (const byte of 'GET / HTTP/1.1\r\nx-slow: ') {
      for (const socket of slow) socket.write(byte);
      await sleep(5);
    }
    await health();
    expect(events.filter(({ path }) => path === '/')).toEqual([]);
  });
});
