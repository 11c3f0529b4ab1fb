/** An SQS that takes everything and keeps nothing, over plain HTTP: so that of a call only the caller's part is measured. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { listen, readBody } from '../../../local/common/http.ts';

export interface Queue {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export const openQueue = async (): Promise<Queue> => {
  const server = createServer((request, response) => {
    void readBody(request, 8 * 1_048_576).then((text) => {
      const { Entries } = JSON.parse(text.toString()) as {
        readonly Entries: readonly { readonly Id: string; readonly MessageBody: string }[];
      };
      const Successful = Entries.map(({ Id, MessageBody }) => ({
        Id,
        MessageId: Id,
        MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
        SequenceNumber: '18880000000000000001',
      }));
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify({ Successful, Failed: [] }));
    });
  });
  const listening = await listen(server, { host: '127.0.0.1', port: 0 });
  return { url: `${listening.url}/000000000000/events.fifo`, close: () => listening.close() };
};
