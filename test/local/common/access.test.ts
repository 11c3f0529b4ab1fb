/** Who is let in to the local run's AWS services, by each of their servers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newCredentials, refusedAccess } from '../../../local/common/access.ts';
import { startDynamoDb, type DynamoDb } from '../../../local/dynamodb/service.ts';
import { startSqsServer, type SqsServer } from '../../../local/sqs/api.ts';
import { SqsService } from '../../../local/sqs/service.ts';
import { memoryStore } from '../../../local/sqs/store.ts';
import { AUTHORIZATION, CREDENTIALS } from '../../support/credentials.ts';
import { startTestApi } from '../run/test-api.ts';
import type { Listening } from '../../../local/common/http.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-access-'));
const service = new SqsService({ store: memoryStore() });
let invocations = 0;
let api: Listening;
let sqs: SqsServer;
let dynamo: DynamoDb;

beforeAll(async () => {
  await service.createQueue('q');
  api = await startTestApi({
    hasFunction: () => true,
    invoke: () => {
      invocations += 1;
      return Promise.resolve({ kind: 'payload', payload: 'secret' });
    },
  });
  sqs = await startSqsServer({ service, credentials: CREDENTIALS });
  dynamo = await startDynamoDb(dir, CREDENTIALS);
});
afterAll(async () => {
  await dynamo.close();
  await sqs.close();
  service.close();
  await api.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Answered {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const ask = (url: string, method: string, headers: Record<string, string>, body: string): Promise<Answered> =>
  new Promise((done, failed) => {
    request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        done({ status: response.statusCode, headers: response.headers, body: text });
      });
    })
      .on('error', failed)
      .end(body);
  });

/** A call that succeeds, of each server. */
const CALLS = {
  Lambda: () => ({ url: `${api.url}/2015-03-31/functions/control/invocations`, headers: {}, body: '{}' }),
  SQS: () => ({ url: sqs.url, headers: { 'x-amz-target': 'AmazonSQS.ListQueues' }, body: '{}' }),
  DynamoDB: () => ({
    url: dynamo.url,
    headers: {
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-date': '20260101T000000Z',
    },
    body: '{}',
  }),
} as const;
const SERVERS = Object.keys(CALLS) as (keyof typeof CALLS)[];

const call = (server: keyof typeof CALLS, headers: Record<string, string>, method = 'POST') => {
  const { url, headers: own, body } = CALLS[server]();
  return ask(url, method, { ...own, ...headers }, method === 'POST' ? body : '');
};

const STRANGE = AUTHORIZATION.replace(CREDENTIALS.accessKeyId, 'local');

describe.each(SERVERS)('%s', (server) => {
  it('answers a caller with the credentials of this run', async () => {
    expect((await call(server, { authorization: AUTHORIZATION })).status).toBe(200);
    const port = new URL(CALLS[server]().url).port;
    const named = await call(server, { authorization: AUTHORIZATION, host: `localhost:${port}` });
    expect(named.status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['without credentials', {}],
    ['with those of another run', { authorization: STRANGE }],
    ['with the beginning of the right ones', { authorization: AUTHORIZATION.replace('TEST/', '/') }],
    ['with basic auth', { authorization: `Basic ${btoa(`${CREDENTIALS.accessKeyId}:`)}` }],
    ['of a page', { authorization: AUTHORIZATION, origin: 'https://evil.example' }],
    ['of a page without an origin', { authorization: AUTHORIZATION, origin: 'null' }],
    [
      'of a page that is on this machine too',
      { authorization: AUTHORIZATION, origin: 'http://127.0.0.1:8080' },
    ],
    ['of an image of a page', { authorization: AUTHORIZATION, 'sec-fetch-site': 'cross-site' }],
    ['under a name that leads here', { authorization: AUTHORIZATION, host: 'evil.example' }],
    ['under a name that begins as ours', { authorization: AUTHORIZATION, host: 'localhost.evil.example' }],
  ])('refuses a caller %s', async (_, headers) => {
    const before = invocations;
    const { status, headers: answered, body } = await call(server, headers);
    expect(status).toBe(403);
    expect(answered).toMatchObject({
      'x-amzn-errortype': 'UnrecognizedClientException',
      connection: 'close',
    });
    expect(Object.keys(answered).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(body).not.toContain('secret');
    expect(body).not.toContain(CREDENTIALS.accessKeyId);
    expect(invocations).toBe(before);
  });

  it('refuses a preflight', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    expect((await call(server, headers, 'OPTIONS')).status).toBe(403);
  });
});

it('a run has credentials of its own', () => {
  const [one, other] = [newCredentials(), newCredentials()];
  expect(one.accessKeyId).toMatch(/^SLUICE[0-9A-F]{40}$/);
  expect(one.accessKeyId).not.toBe(other.accessKeyId);
  const headers = { host: '127.0.0.1:1', authorization: AUTHORIZATION };
  expect(refusedAccess(headers, one)).toContain('run.json');
  expect(refusedAccess(headers, CREDENTIALS)).toBeUndefined();
});

it.each(['constructor', '__proto__', 'toString'])(
  '%s is no action of SQS, no invocation type and no secret',
  async (name) => {
    const authorization = AUTHORIZATION;
    const sqsAnswer = await call('SQS', { authorization, 'x-amz-target': `AmazonSQS.${name}` });
    expect([sqsAnswer.status, sqsAnswer.body]).toEqual([
      400,
      expect.stringContaining('UnsupportedOperation'),
    ]);
    const lambdaAnswer = await call('Lambda', { authorization, 'x-amz-invocation-type': name });
    expect(lambdaAnswer.status).toBe(400);
    const target = { authorization, 'x-amz-target': 'secretsmanager.GetSecretValue' };
    const secret = await ask(api.url, 'POST', target, JSON.stringify({ SecretId: name }));
    expect([secret.status, secret.body]).toEqual([400, expect.stringContaining('ResourceNotFoundException')]);
  },
);
