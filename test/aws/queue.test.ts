/** How the adapter interprets SQS's answers, and how a call ends whose signal aborts. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SQSClient, type SendMessageBatchCommandOutput } from '@aws-sdk/client-sqs';
import { SqsQueueSender } from '../../lambdas/aws/queue.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { OutgoingMessage } from '../../lambdas/core/base/messages.ts';

const message = (groupId: string): OutgoingMessage => ({ groupId, deduplicationId: groupId, body: '{}' });

const answering = (answer: Omit<SendMessageBatchCommandOutput, '$metadata'>) =>
  new SqsQueueSender({ send: () => Promise.resolve(answer) } as unknown as SQSClient, 'url');

describe('the results of SendMessageBatch', () => {
  it('are returned per message, in the order of the messages', async () => {
    const sent = { MessageId: 'm', MD5OfMessageBody: '' };
    const found = await answering({
      Successful: [{ Id: '2', ...sent }],
      Failed: [
        { Id: '1', SenderFault: false, Code: 'InternalError', Message: 'x' },
        { Id: '0', SenderFault: true, Code: 'InvalidMessageContents', Message: 'y' },
      ],
    }).send(['a', 'b', 'c', 'd'].map(message));
    expect(found).toEqual([
      { ok: false, senderFault: true, reason: 'InvalidMessageContents: y' },
      { ok: false, senderFault: false, reason: 'InternalError: x' },
      { ok: true },
      { ok: false, senderFault: false, reason: 'SQS did not mention it' },
    ]);
  });

  it.each(['RequestThrottled', 'ThrottlingException', 'KmsThrottled'])(
    '%s is not the message’s fault, although AWS counts it as a fault of the sender',
    async (Code) => {
      const found = await answering({
        Successful: [],
        Failed: [{ Id: '0', SenderFault: true, Code, Message: 'slow down' }],
      }).send([message('a')]);
      expect(found).toEqual([{ ok: false, senderFault: false, reason: `${Code}: slow down` }]);
    },
  );
});

describe('an SDK call', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
  });

  it('ends immediately when its signal aborts, and its connection with it', async () => {
    const sockets: Socket[] = [];
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    // It takes the request and never answers.
    server = createServer((request) => {
      sockets.push(request.socket);
      request.on('error', () => undefined);
      arrived();
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    const client = new SQSClient({
      endpoint,
      region: 'local',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 2,
    });
    const controller = new AbortController();
    const sending = new SqsQueueSender(client, `${endpoint}/q.fifo`).send([message('a')], controller.signal);
    await arrival;
    const closed = new Promise((resolve) => sockets[0]?.once('close', resolve));
    controller.abort();
    await expect(sending).rejects.toThrow(/^SendMessageBatch failed: AbortError/);
    await expect(sending).rejects.toThrow(InfraFault);
    await closed;
    // It is not tried a second time.
    expect(sockets).toHaveLength(1);
    client.destroy();
  });
});
