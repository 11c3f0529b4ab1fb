/** Answers as each SDK reads them: each reader below does what its SDK does with an answer, as its source has it. */
import { describe, expect, test } from '@jest/globals';
import type { ProxyResult } from '../../../lambdas/ingest/response.ts';
import { asJson, readsJson } from '../../../lambdas/ingest/answer-format.ts';
import { basic, FakeQueue, proxyEvent, setUp, THROTTLED, WRITE_KEY, type RequestParts } from './fakes.ts';

const GOOD = { userId: 'u1', messageId: 'm1', event: 'click', type: 'track' };
const BODY = JSON.stringify({ batch: [GOOD] });
const AUTHORIZED = { Authorization: basic(WRITE_KEY) };

/** Lets the deadline's timer have a turn. */
const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

type Outcome = 'stored' | 'sent again' | 'dropped';

/** analytics-java 3.5.2: a 2xx whose body is not its JSON is an error of the connection, to be tried again. */
const java = ({ statusCode, body }: ProxyResult): Outcome => {
  if (statusCode === 429 || statusCode >= 500) return 'sent again';
  if (statusCode >= 300) return 'dropped';
  try {
    return typeof (JSON.parse(body) as { success: unknown }).success === 'boolean' ? 'stored' : 'sent again';
  } catch {
    return 'sent again';
  }
};

/** analytics-ruby 2.5.0: parses every body, and what it cannot parse it sends again, whatever the status. */
const ruby = ({ statusCode, body }: ProxyResult): Outcome => {
  try {
    JSON.parse(body);
  } catch {
    return 'sent again';
  }
  if (statusCode === 429 || statusCode >= 500) return 'sent again';
  return statusCode === 200 ? 'stored' : 'dropped';
};

/** rudder-sdk-python 2.1.9: JSON in a refusal must have `code` and `message`; without them even a 401 is tried again. */
const python = ({ statusCode, body }: ProxyResult): Outcome => {
  if (statusCode === 200) return 'stored';
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = { code: 'unknown', message: body };
  }
  const isRead = typeof parsed === 'object' && parsed !== null && 'code' in parsed && 'message' in parsed;
  return isRead && statusCode >= 400 && statusCode < 500 && statusCode !== 429 ? 'dropped' : 'sent again';
};

/** RudderStack's others, for Java, Ruby, Node and browsers, and Segment's for Go, Node and browsers: the status alone. */
const byStatus = ({ statusCode }: ProxyResult): Outcome =>
  statusCode === 429 || statusCode >= 500 ? 'sent again' : statusCode === 200 ? 'stored' : 'dropped';

interface Sdk {
  readonly name: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly read: (answer: ProxyResult) => Outcome;
  readonly form: 'JSON' | 'text';
}

const ua = (name: string) => ({ 'User-Agent': name });
const ACCEPT = { Accept: 'application/json' };

const SDKS: readonly Sdk[] = [
  {
    name: "Segment's Java",
    path: '/v1/import/',
    headers: ua('analytics-java/3.5.2'),
    read: java,
    form: 'JSON',
  },
  {
    name: 'the same, another URL',
    path: '/v1/batch',
    headers: ua('analytics-java/3.5.2'),
    read: java,
    form: 'JSON',
  },
  {
    name: 'the same, another name',
    path: '/v1/import',
    headers: ua('my-shop/1.0'),
    read: java,
    form: 'JSON',
  },
  {
    name: "Segment's Ruby",
    path: '/v1/import',
    headers: { ...ua('analytics-ruby/2.5.0'), ...ACCEPT },
    read: ruby,
    form: 'JSON',
  },
  {
    name: 'the same, another path',
    path: '/v1/batch',
    headers: ua('analytics-ruby/2.5.0'),
    read: ruby,
    form: 'JSON',
  },
  {
    name: "RudderStack's Java",
    path: '/v1/batch',
    headers: ua('analytics-java/3.1.2'),
    read: byStatus,
    form: 'JSON',
  },
  {
    name: "RudderStack's Ruby",
    path: '/v1/batch',
    headers: { ...ua('Ruby'), ...ACCEPT },
    read: byStatus,
    form: 'text',
  },
  {
    name: "RudderStack's Python",
    path: '/v1/batch',
    headers: ua('analytics-python/2.1.9'),
    read: python,
    form: 'text',
  },
  {
    name: "Segment's Python",
    path: '/v1/batch',
    headers: ua('analytics-python/2.4.0'),
    read: python,
    form: 'text',
  },
  {
    name: 'either Go',
    path: '/v1/batch',
    headers: ua('analytics-go (version: 3.0.0)'),
    read: byStatus,
    form: 'text',
  },
  {
    name: "RudderStack's Node",
    path: '/v1/batch',
    headers: ua('analytics-node/3.0.13'),
    read: byStatus,
    form: 'text',
  },
  {
    name: 'a browser',
    path: '/v1/batch',
    headers: { ...ua('Mozilla/5.0'), ...ACCEPT },
    read: byStatus,
    form: 'text',
  },
];

describe.each(SDKS)('$name', ({ path, headers, read, form }) => {
  const ask = async (parts: RequestParts, refuse = false): Promise<ProxyResult> => {
    const queue = new FakeQueue();
    const send: FakeQueue['send'] = refuse
      ? (messages) => Promise.resolve(messages.map(() => THROTTLED))
      : (messages) => queue.send(messages);
    const { ingest } = setUp({ sender: { send }, deadline: refuse ? 10 : 60_000, sleep: soon });
    return ingest(
      proxyEvent({ path, body: BODY, ...parts, headers: { ...headers, ...AUTHORIZED, ...parts.headers } }),
    );
  };

  test('takes a 200 for what it is', async () => {
    const answer = await ask({});
    expect(answer.statusCode).toBe(200);
    expect(read(answer)).toBe('stored');
    expect(answer.body).toBe(form === 'text' ? 'ok' : '{"success":true}');
    expect(answer.headers['Content-Type']).toMatch(form === 'text' ? /^text\/plain/ : /^application\/json/);
  });

  test.each<[string, number, RequestParts]>([
    ['a wrong key', 401, { headers: { Authorization: basic('unknown') } }],
    ['a source that is off', 404, { headers: { Authorization: basic('old-key') } }],
    ['only bad events', 400, { body: '{"batch":[{}]}' }],
    ['a body that is too large', 413, { body: Buffer.alloc(5_000_000, ' ') }],
  ])('does not send again what is refused: %s', async (_, status, parts) => {
    const answer = await ask(parts);
    expect(answer.statusCode).toBe(status);
    expect(read(answer)).toBe('dropped');
  });

  test('sends again what could not be stored, when it is asked to', async () => {
    const answer = await ask({}, true);
    expect(answer).toMatchObject({
      statusCode: 503,
      headers: { 'Retry-After': expect.any(String) as unknown },
    });
    expect(read(answer)).toBe('sent again');
  });

  // Of every gateway response of the template; API Gateway writes its own body.
  test.each([429, 503])('sends again what API Gateway itself answers with %i', (statusCode) => {
    const body = '{"message":"Too Many Requests"}';
    expect(read({ statusCode, headers: {}, body, isBase64Encoded: false })).toBe('sent again');
  });
});

test('the form does not depend on what the answer says, nor on how it is spelled', () => {
  const asker = (path: string, agent?: string, method = 'POST') => ({
    method,
    path,
    headers: new Map(agent === undefined ? [] : [['user-agent', agent]]),
  });
  expect(readsJson(asker('/v1/import'))).toBe(true);
  expect(readsJson(asker('/v1/track', 'Analytics-Ruby/2.0'))).toBe(true);
  expect(readsJson(asker('/v1/batch'))).toBe(false);
  expect(readsJson(asker('/v1/batch', 'my analytics-java/3'))).toBe(false);
  expect(readsJson(asker('/robots.txt', 'analytics-ruby/2.5.0', 'GET'))).toBe(false);
  expect(JSON.parse(asJson({ status: 401, body: 'invalid write key\n' }).body.toString())).toEqual({
    success: false,
    error: 'invalid write key',
    code: 401,
    message: 'invalid write key',
  });
});

test('a fault of ours is JSON for who reads JSON, and keeps its headers', async () => {
  const { post } = setUp({ sender: { send: () => Promise.reject(new TypeError('a bug')) } });
  const headers = { ...AUTHORIZED, 'User-Agent': 'analytics-ruby/2.5.0', Origin: 'https://shop.example' };
  const answer = await post(BODY, { path: '/v1/import', headers });
  expect(JSON.parse(answer.body)).toMatchObject({ error: 'service unavailable' });
  expect(answer.headers).toMatchObject({
    'Retry-After': '20',
    'Access-Control-Allow-Origin': 'https://shop.example',
    'X-Content-Type-Options': 'nosniff',
  });
});
