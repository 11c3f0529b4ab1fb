/** Our signature of a request, and the one that the SDK makes of the same. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from '@jest/globals';
import { amzDate, signer } from '../../lambdas/aws/signature.ts';
import { listen, readBody } from '../../local/common/http.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the SDK sends. */
const sentBySdk = async (
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  bodies: readonly string[],
): Promise<readonly Received[]> => {
  const received: Received[] = [];
  const server = await listen(
    createServer((request, response) => {
      void readBody(request, 1_000_000).then((body) => {
        received.push({ headers: request.headers, body });
        response.end('{}');
      });
    }),
    { host: '127.0.0.1', port: 0 },
  );
  const client = new SQSClient({ endpoint: server.url, region: 'eu-west-1', credentials });
  for (const MessageBody of bodies) {
    const Entries = [{ Id: '0', MessageBody }];
    await client.send(new SendMessageBatchCommand({ QueueUrl: `${server.url}/1/q.fifo`, Entries }));
  }
  client.destroy();
  await server.close();
  return received;
};

describe.each([
  ['of a user', { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' }],
  ['of a function', { accessKeyId: 'ASIA', secretAccessKey: 'key', sessionToken: 'IQoJb3JpZ2luX2VjE//+=' }],
])('with credentials %s', (_, credentials) => {
  test('it is that of the SDK', async () => {
    const received = await sentBySdk(credentials, ['a', 'Zoë 名前 \u2028', 'x'.repeat(50_000)]);
    expect(received).toHaveLength(3);
    const sign = signer(credentials, 'eu-west-1', 'sqs');
    for (const { headers, body } of received) {
      const { authorization = '' } = headers;
      const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? [];
      const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
      expect(sign({ headers: signed, body }, String(headers['x-amz-date']))).toBe(authorization);
    }
  });
});

test('a key is of one day', () => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const request = { headers: { host: 'h' }, body: Buffer.from('') };
  const sign = signer(credentials, 'eu-west-1', 'sqs');
  const [first, next] = [amzDate(Date.UTC(2026, 0, 1, 23, 59, 59)), amzDate(Date.UTC(2026, 0, 2))];
  expect([first, next]).toEqual(['20260101T235959Z', '20260102T000000Z']);
  for (const date of [first, next, first])
    expect(sign(request, date)).toBe(signer(credentials, 'eu-west-1', 'sqs')(request, date));
});
