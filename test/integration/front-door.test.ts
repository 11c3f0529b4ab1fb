/** Every request to the front door gets an answer, never a 5xx, and does not affect the next request. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { functionProcesses, startLocalRun, startReceiver } from '../support/local-run.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { webhookPipeline } from '../support/pipelines.ts';
import type { Receiver, ReceivedEvent } from '../../tools/driver/receiver.ts';
import { until } from '../../tools/driver/until.ts';

let receiver: Receiver;
let run: LocalRun;
beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({ config: webhookPipeline(receiver) });
});

const AUTHORIZATION = `Basic ${Buffer.from('web-key:').toString('base64')}`;

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

const send = async ({ method = 'POST', path = '/v1/batch', headers = {}, body }: Sent): Promise<Response> => {
  const response = await fetch(`${run.dataPlaneUrl}${path}`, {
    method,
    headers: { authorization: AUTHORIZATION, ...headers },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
  });
  await response.clone().arrayBuffer();
  return response;
};

/** Sends raw bytes that no HTTP client would send. @returns the status line, or '' when the connection was closed without one */
const sendRaw = async (bytes: string | Buffer): Promise<string> => {
  const { hostname, port } = new URL(run.dataPlaneUrl);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  // The connection may be closed while it is still written to: the answer, if any, came before.
  socket.on('error', () => undefined);
  socket.end(bytes);
  await new Promise<void>((done) => socket.on('close', () => done()));
  return answer.split('\r\n')[0] ?? '';
};

const good = (id: string) => ({ type: 'track', event: 'Step', userId: 'u1', messageId: id });
const delivered = (what: string, isIt: (event: ReceivedEvent) => boolean): Promise<ReceivedEvent> =>
  until(what, () => receiver.takenBy('/crm').find(isIt));
const arrives = async (id: string): Promise<void> => {
  expect((await send({ body: JSON.stringify({ batch: [good(id)] }) })).status).toBe(200);
  await delivered(id, ({ messageId }) => messageId === id);
};

describe('malformed requests', () => {
  const batch = JSON.stringify({ batch: [good('zipped')] });
  const deep = `{"batch":[${'['.repeat(300_000)}${']'.repeat(300_000)}]}`;

  it('are answered with a 4xx, and the functions keep running', async () => {
    await arrives('first');
    const before = functionProcesses(run);
    const cases: readonly (readonly [string, Sent, number])[] = [
      ['a truncated gzip body', { body: gzipSync(batch).subarray(0, 40) }, 400],
      ['a gzip bomb', { body: gzipSync(Buffer.alloc(200_000_000)) }, 413],
      ['a gzip bomb in a bomb', { body: gzipSync(gzipSync(Buffer.alloc(50_000_000))) }, 400],
      ['deep nesting', { body: deep }, 400],
      ['deep nesting, not closed', { body: deep.slice(0, 200_000) }, 400],
      ['5 MB', { body: Buffer.alloc(5_000_000, 'x') }, 413],
      ['11 MB', { body: Buffer.alloc(11_000_000, 'x') }, 413],
      ['no body', {}, 400],
      ['a number', { body: '5' }, 400],
      ['ids that are null or empty', { body: '{"batch":[{"userId":null,"anonymousId":""}]}' }, 400],
      ['a batch of wrong type', { body: '{"batch":true}' }, 400],
      ['bytes that are not UTF-8', { body: Buffer.from([0xff, 0xfe, 0xfd]) }, 400],
      ['an unknown route', { path: '/v3/everything', body: batch }, 404],
      ['a path that climbs', { path: '/v1/%2e%2e/%2e%2e/etc/passwd', body: batch }, 404],
      ['a path that is no UTF-8', { path: '/v1/%ff', body: batch }, 404],
      ['a long path', { path: `/${'x'.repeat(8_000)}`, body: batch }, 404],
      ['DELETE', { method: 'DELETE' }, 405],
      ['an unknown method', { method: 'PURGE', body: batch }, 405],
      ['a wrong key', { headers: { authorization: 'Basic !!!' }, body: batch }, 401],
      ['a form as an event', { path: '/v1/track', body: 'a=1&b=2' }, 400],
      [
        'a pixel with a deep field',
        { method: 'GET', path: `/pixel/v1/track?userId=u&${'a.'.repeat(2_000)}=1` },
        400,
      ],
    ];
    for (const [name, sent, status] of cases) {
      const answer = await send(sent);
      expect(`${name}: ${answer.status}`).toBe(`${name}: ${status}`);
      // A page may read the answer, from ingest and from the gateway.
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('retry-after')).toBeNull();
    }
    await arrives('after');
    // No request ended the process that handled it.
    expect(functionProcesses(run)).toEqual(expect.arrayContaining([...before]));
  });

  it('that are not HTTP are answered by the gateway, or not at all', async () => {
    const head = `POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTHORIZATION}\r\n`;
    const cases: readonly (readonly [string, string | Buffer])[] = [
      ['garbage', Buffer.from(Array.from({ length: 2_000 }, (_, i) => (i * 37) % 256))],
      ['a length that is no number', `${head}Content-Length: many\r\n\r\n{}`],
      ['a negative length', `${head}Content-Length: -1\r\n\r\n{}`],
      ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`],
      ['a chunk of no size', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
      ['less than was promised', `${head}Content-Length: 100\r\n\r\n{"batch":[]}`],
      ['a header without end', `${head}X-Long: ${'x'.repeat(100_000)}`],
    ];
    for (const [name, bytes] of cases) {
      expect(`${name}: ${await sendRaw(bytes)}`).toMatch(/: (HTTP\/1\.1 4\d\d .*)?$/);
    }
    await arrives('after nonsense');
  });
});

it('accepts every JSON value, and forwards it unchanged', async () => {
  const odd = {
    ...good('odd'),
    properties: JSON.parse(
      String.raw`{"__proto__":{"x":1},"constructor":{"prototype":1},"lone":"\ud800","low":"\udc00","end":"\uffff","nul":"\u0000","big":1e400,"minus":-0}`,
    ) as unknown,
  };
  expect((await send({ body: JSON.stringify({ batch: [odd] }) })).status).toBe(200);
  const event = await delivered('the event', ({ messageId }) => messageId === 'odd');
  const properties = event['properties'] as Record<string, unknown>;
  expect(Object.keys(properties)).toEqual([
    '__proto__',
    'constructor',
    'lone',
    'low',
    'end',
    'nul',
    'big',
    'minus',
  ]);
  expect(properties).toMatchObject({ lone: '\ud800', low: '\udc00', end: '\uffff', nul: '\u0000' });
});

it('delivers the good events of a batch with bad ones, and the CLI lists the bad ones', async () => {
  const bad = { type: 'track', event: 'No User', messageId: 'no-user' };
  const body = JSON.stringify({ batch: [good('next-1'), bad, 17, good('next-2')] });
  const answer = await send({ body });
  expect(`${answer.status} ${await answer.text()}`).toBe('200 ok');
  await delivered('the last', ({ messageId }) => messageId === 'next-2');
  expect(withoutRedeliveries(receiver.takenBy('/crm'), 2).slice(-2)).toMatchObject([
    { messageId: 'next-1' },
    { messageId: 'next-2' },
  ]);
  const listed = await until('both to be listed', async () => {
    const { stdout } = await run.sluice('rejected', 'list', 'ingest', '--content');
    return stdout.includes('No User') && stdout.includes('17') ? stdout : undefined;
  });
  expect(listed).toContain('request neither has anonymousId nor userId');
  expect(listed).toContain('event is not a valid rudder event');
});

describe('the routes other than /v1', () => {
  const deliveredAs = (name: string) => delivered(name, ({ event }) => event === name);

  it('a pixel request answers with an image, and becomes an event', async () => {
    const query = 'writeKey=web-key&anonymousId=mail-1&event=Mail%20Opened&properties.mail=7';
    const answer = await fetch(`${run.dataPlaneUrl}/pixel/v1/track?${query}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/gif');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.subarray(0, 6).toString('latin1')).toBe('GIF89a');
    expect(await deliveredAs('Mail Opened')).toMatchObject({
      anonymousId: 'mail-1',
      properties: { mail: '7' },
    });
  });

  it('a webhook becomes an event', async () => {
    const answer = await fetch(`${run.dataPlaneUrl}/v1/webhook?writeKey=web-key`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'order=7',
    });
    expect(answer.status).toBe(200);
    expect(await deliveredAs('webhook_source_event')).toMatchObject({ properties: { order: ['7'] } });
  });

  it('/sourceConfig, /version, /robots.txt, /health, /ready', async () => {
    const config = await fetch(`${run.dataPlaneUrl}/sourceConfig/?writeKey=web-key`);
    expect(await config.json()).toMatchObject({ source: { id: 'web', enabled: true, destinations: [] } });
    const version = await fetch(`${run.dataPlaneUrl}/version`);
    expect(await version.json()).toEqual({
      Version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      Commit: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(await (await fetch(`${run.dataPlaneUrl}/robots.txt`)).text()).toContain('Disallow: /');
    expect((await fetch(`${run.dataPlaneUrl}/health`)).status).toBe(200);
    expect((await fetch(`${run.dataPlaneUrl}/ready`)).status).toBe(200);
  });
});
