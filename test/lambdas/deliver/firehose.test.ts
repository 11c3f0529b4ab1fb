/** A delivery stream as a destination: what is put, and what each failure of Firehose means. */
import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../lambdas/aws/direct-call.ts';
import { AccessFault } from '../../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import {
  firehoseSender,
  MAX_RECORD_BYTES,
  MAX_RECORDS,
} from '../../../lambdas/deliver/destinations/firehose/sender.ts';

const STREAM = 'arn:aws:firehose:eu-west-1:111111111111:deliverystream/lake';

const named = (name: string, message = 'said'): Error => Object.assign(new Error(message), { name });
const event = (messageId: string, more: Partial<SluiceEvent> = {}): SluiceEvent => ({ messageId, ...more });
const idIn = (data: string): string => (JSON.parse(data) as SluiceEvent).messageId;

/** @param answer to each record; an error: of the call */
const stream = (
  answer: (id: string, ids: readonly string[]) => object | Error = () => ({ RecordId: '1' }),
) => {
  const calls: (readonly string[])[] = [];
  const call: Call = (operation, input) => {
    const { DeliveryStreamName, Records } = input as {
      DeliveryStreamName: string;
      Records: { Data: string }[];
    };
    expect([operation, DeliveryStreamName]).toEqual(['PutRecordBatch', 'lake']);
    const texts = Records.map(({ Data }) => Buffer.from(Data, 'base64').toString());
    calls.push(texts);
    const ids = texts.map(idIn);
    const answers = ids.map((id) => answer(id, ids));
    const error = answers.find((one) => one instanceof Error);
    const FailedPutCount = answers.filter((one) => 'ErrorCode' in one).length;
    return error === undefined
      ? Promise.resolve({ FailedPutCount, RequestResponses: answers })
      : Promise.reject(error);
  };
  const sender = firehoseSender({ call, streamArn: STREAM, room: 10_000 });
  const send = async (contents: readonly SluiceEvent[], timeLeft = () => 60_000) => {
    const outgoing = contents.map((content) => ({ sourceId: 'web', key: 'ada', place: '1', content }));
    const said = await sender.send(outgoing, timeLeft);
    return said?.kind === 'each' ? said.verdicts : said;
  };
  return { sender, send, calls };
};
const DELIVERED = { kind: 'delivered' };

it('gets the event’s JSON and a line end, up to 500 in a call', async () => {
  const { sender, send, calls } = stream();
  expect(sender.batch).toBe(MAX_RECORDS);
  expect(await send([event('a', { text: 'é' }), event('b')])).toEqual([DELIVERED, DELIVERED]);
  expect(calls).toEqual([['{"messageId":"a","text":"é"}\n', '{"messageId":"b"}\n']]);
});

describe('records that fail', () => {
  it.each(['ServiceUnavailableException', 'InternalFailure', 'ThrottlingException'])(
    '%s: that one is tried again, the others are done',
    async (ErrorCode) => {
      const { send } = stream((id) =>
        id === 'b' ? { ErrorCode, ErrorMessage: 'Slow down.' } : { RecordId: '1' },
      );
      expect(await send([event('a'), event('b'), event('c')])).toEqual([
        DELIVERED,
        { kind: 'retry', reason: `PutRecordBatch failed: ${ErrorCode}: Slow down.` },
        DELIVERED,
      ]);
    },
  );

  it('one that is not mentioned was not taken', async () => {
    expect(await stream(() => ({})).send([event('a')])).toMatchObject([{ kind: 'retry' }]);
  });
});

it.each([
  'ServiceUnavailableException',
  'LimitExceededException',
  'InvalidArgumentException',
  'TimeoutError',
])('a call that fails is tried again: %s', async (name) => {
  const reason = `PutRecordBatch of "${STREAM}" failed: ${name}: said`;
  expect(await stream(() => named(name)).send([event('a')])).toEqual([{ kind: 'retry', reason }]);
});

it.each([
  'AccessDeniedException',
  'ResourceNotFoundException',
  'InvalidKMSResourceException',
  'InvalidSourceException',
])('%s is a fault that names the stream', async (name) => {
  const fault = await stream(() => named(name))
    .send([event('a')])
    .catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(AccessFault);
  expect(String(fault)).toContain('deliverystream/lake');
});

it('rejects what is too large without a call, and of what is refused the one that is', async () => {
  const around = '{"messageId":"a","text":""}\n'.length;
  const of = (id: string, bytes: number) => event(id, { text: 'x'.repeat(bytes - around) });
  const { send, calls } = stream((_, ids) =>
    ids.includes('b') ? named('ValidationException') : { RecordId: '1' },
  );
  expect(
    await send([of('a', MAX_RECORD_BYTES + 1), of('a', MAX_RECORD_BYTES), event('b'), event('c')]),
  ).toEqual([
    { kind: 'rejected', reason: expect.stringContaining(`Firehose takes ${MAX_RECORD_BYTES}`) },
    DELIVERED,
    { kind: 'rejected', reason: expect.stringContaining('ValidationException') },
    DELIVERED,
  ]);
  expect(calls.map((texts) => texts.map(idIn))).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c']]);
});

it('gets at most 4 MiB in a call', async () => {
  const { send, calls } = stream();
  const all = Array.from({ length: 6 }, (_, i) => event(`e${i}`, { text: 'x'.repeat(1_000_000) }));
  expect(await send(all)).toEqual(all.map(() => DELIVERED));
  expect(calls.map(({ length }) => length)).toEqual([4, 2]);
});

it('begins nothing without time', async () => {
  const { send, calls } = stream();
  expect(await send([event('a')], () => 9_999)).toBeUndefined();
  expect(calls).toEqual([]);
});
