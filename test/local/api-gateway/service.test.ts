import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { gzipSync } from 'node:zlib';
import { startApi, type GatewayResponse, type Invoked } from '../../../local/api-gateway/service.ts';
import type { Listening } from '../../../local/common/http.ts';

const MB = 1024 * 1024;

let api: Listening;
let events: APIGatewayProxyEvent[];
let answer: () => Promise<Invoked>;
let responses: readonly GatewayResponse[];
let statuses: number[];

beforeAll(async () => {
  api = await startApi(
    {
      stage: () => 'live',
      responses: () => responses,
      invoke: (event) => {
        events.push(event);
        return answer();
      },
      onAnswered: (status) => statuses.push(status),
    },
    { host: '127.0.0.1', port: 0 },
  );
});
afterAll(() => api.close());

const payload = (value: unknown) => Promise.resolve({ ok: true, payload: value } as const);
const failure = (type: 'INTEGRATION_FAILURE' | 'THROTTLED') => Promise.resolve({ ok: false, type } as const);

beforeEach(() => {
  events = [];
  statuses = [];
  responses = [];
  answer = () => payload({ statusCode: 200, body: 'ok' });
});

const received = (): APIGatewayProxyEvent => {
  const [event] = events;
  if (event === undefined) throw new Error('the function was not called');
  return event;
};

describe('the event that the function gets', () => {
  it('has the request, in the format of API Gateway', async () => {
    await fetch(`${api.url}/v1/track?writeKey=a&x=1&x=2&empty=`, {
      method: 'POST',
      headers: { 'X-One': 'one', 'User-Agent': 'tester' },
      body: 'text',
    });
    const event = received();
    expect(event).toMatchObject({
      path: '/v1/track',
      httpMethod: 'POST',
      resource: '/{proxy+}',
      pathParameters: { proxy: 'v1/track' },
      queryStringParameters: { writeKey: 'a', x: '2', empty: '' },
      multiValueQueryStringParameters: { writeKey: ['a'], x: ['1', '2'], empty: [''] },
      body: Buffer.from('text').toString('base64'),
      isBase64Encoded: true,
      requestContext: {
        stage: 'live',
        path: '/live/v1/track',
        httpMethod: 'POST',
        identity: { sourceIp: '127.0.0.1', userAgent: 'tester' },
      },
    });
    expect(Object.entries(event.headers).find(([name]) => name.toLowerCase() === 'x-one')?.[1]).toBe('one');
  });

  it('without a query or a body has null for both', async () => {
    await fetch(`${api.url}/health`);
    expect(received()).toMatchObject({
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      body: null,
      isBase64Encoded: false,
    });
  });

  it('has the body byte for byte, also when it is gzip', async () => {
    const body = gzipSync('{"batch":[]}');
    await fetch(api.url, { method: 'POST', headers: { 'content-encoding': 'gzip' }, body });
    expect(Buffer.from(received().body ?? '', 'base64').equals(body)).toBe(true);
  });
});

describe("the function's answer", () => {
  it('is handed on: status, headers, several of one name, body', async () => {
    answer = () =>
      payload({
        statusCode: 418,
        headers: { 'x-one': 'one', 'retry-after': 3 },
        multiValueHeaders: { 'set-cookie': ['a=1', 'b=2'] },
        body: 'short and stout',
      });
    const response = await fetch(api.url);
    expect(response.status).toBe(418);
    expect(response.headers.get('x-one')).toBe('one');
    expect(response.headers.get('retry-after')).toBe('3');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('short and stout');
  });

  it('may be base64', async () => {
    answer = () => payload({ statusCode: 200, isBase64Encoded: true, body: 'R0lG' });
    expect(await (await fetch(api.url)).text()).toBe('GIF');
  });

  it.each([[null], ['ok'], [{ body: 'ok' }], [{ statusCode: '200', body: 'ok' }]])(
    '%j is none: 500 as the gateway has it',
    async (value) => {
      answer = () => payload(value);
      const response = await fetch(api.url);
      expect(response.status).toBe(500);
      expect(await response.json()).toEqual({ message: 'API_CONFIGURATION_ERROR' });
    },
  );
});

const own = (type: string, rest: Partial<GatewayResponse> = {}): GatewayResponse => ({
  type,
  status: undefined,
  headers: {},
  body: undefined,
  ...rest,
});

describe('gateway responses', () => {
  it('have statuses of their own unless the template says otherwise', async () => {
    answer = () => failure('INTEGRATION_FAILURE');
    expect((await fetch(api.url)).status).toBe(504);
    answer = () => failure('THROTTLED');
    expect((await fetch(api.url)).status).toBe(429);
  });

  it('the one of the type comes before the one of its family', async () => {
    responses = [
      own('DEFAULT_5XX', { status: 503, headers: { 'x-from': 'family' }, body: 'family' }),
      own('INTEGRATION_FAILURE', { headers: { 'x-from': 'type' }, body: 'type' }),
      own('DEFAULT_4XX', { headers: { 'x-from': '4xx' } }),
    ];
    answer = () => failure('INTEGRATION_FAILURE');
    const failed = await fetch(api.url);
    expect([failed.status, failed.headers.get('x-from'), await failed.text()]).toEqual([503, 'type', 'type']);
    answer = () => failure('THROTTLED');
    const throttled = await fetch(api.url);
    expect([throttled.status, throttled.headers.get('x-from')]).toEqual([429, '4xx']);
  });

  it.each([
    ['10 MB, which is more than the gateway takes', 10 * MB + 1],
    ['4.8 MB, which is more than a function takes as base64', 4.8 * MB],
  ])('a body above %s is refused, and the function not called', async (_, bytes) => {
    responses = [own('REQUEST_TOO_LARGE', { status: 413, headers: { 'access-control-allow-origin': '*' } })];
    const response = await fetch(api.url, { method: 'POST', body: Buffer.alloc(bytes) });
    expect(response.status).toBe(413);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(events).toEqual([]);
  });
});

it('a call that fails, and an answer that cannot be written, are answered as the gateway does', async () => {
  responses = [own('INTEGRATION_FAILURE', { status: 503, headers: { 'retry-after': '5' } })];
  answer = () => Promise.reject(new Error('no such function'));
  const failed = await fetch(api.url);
  expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '5']);
  answer = () => payload({ statusCode: 200, headers: { 'x-one': 'one', 'not a name': '' }, body: '' });
  const unwritten = await fetch(api.url);
  expect([unwritten.status, unwritten.headers.get('x-one')]).toEqual([503, null]);
  answer = () => payload({ statusCode: 200 });
  expect((await fetch(api.url)).status).toBe(503);
  answer = () => payload({ statusCode: 9_999, body: '' });
  expect((await fetch(api.url)).status).toBe(503);
});

it('reports the status of each answer, the function’s and its own', async () => {
  await fetch(api.url);
  answer = () => failure('THROTTLED');
  await fetch(api.url);
  expect(statuses).toEqual([200, 429]);
});
