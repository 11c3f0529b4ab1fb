/** A bucket as a destination: what an object holds, what it is called, and what each failure of S3 means. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { ObjectToPut } from '../../../lambdas/aws/put-object.ts';
import { AccessFault } from '../../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { s3Sender } from '../../../lambdas/deliver/destinations/s3/sender.ts';

const named = (name: string, message = 'said'): Error => Object.assign(new Error(message), { name });
const event = (messageId: string, more: Partial<SluiceEvent> = {}): SluiceEvent => ({ messageId, ...more });
const RECEIVED = { receivedAt: '2026-11-27T20:04:05.678Z' };

const bucket = (answer: () => Error | undefined = () => undefined, timeLeft = () => 60_000) => {
  const objects: ObjectToPut[] = [];
  const sender = s3Sender({
    bucket: 'archive',
    prefix: 'events/',
    batch: 100,
    room: 10_000,
    put: (object) => {
      objects.push(object);
      const error = answer();
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    },
  });
  const send = async (contents: readonly SluiceEvent[], key = 'ada', message = '1') => {
    const outgoing = contents.map((content, i) => ({
      sourceId: 'web',
      key,
      place: `${message}:${i}`,
      content,
    }));
    const said = await sender.send(outgoing, timeLeft);
    return said?.kind === 'each' ? said.verdicts : said;
  };
  return { sender, send, objects };
};
const DELIVERED = { kind: 'delivered' };
const textOf = (object: ObjectToPut | undefined): string =>
  gunzipSync(object?.body ?? Buffer.alloc(0)).toString();

it('gets the events of a call as lines of one object, compressed', async () => {
  const { sender, send, objects } = bucket();
  expect(sender.batch).toBe(100);
  expect(await send([event('a', { text: 'é\n' }), event('b')])).toEqual([DELIVERED, DELIVERED]);
  expect(objects).toHaveLength(1);
  expect(textOf(objects[0])).toBe('{"messageId":"a","text":"é\\n"}\n{"messageId":"b"}\n');
  expect(objects[0]?.contentType).toBe('application/gzip');
});

describe('its key', () => {
  const keyOf = async (contents: readonly SluiceEvent[], key?: string, message?: string): Promise<string> => {
    const { send, objects } = bucket();
    await send(contents, key, message);
    return objects[0]?.key ?? '';
  };

  it('has the day, the user and the time of the first event', async () => {
    expect(await keyOf([event('a', RECEIVED), event('b')])).toMatch(
      /^events\/dt=2026-11-27\/[0-9a-f]{16}\/20261127T200405678Z-[0-9a-f]{24}\.json\.gz$/,
    );
  });

  it.each([undefined, 'yesterday', 7, '../../x'])(
    'has no time of an event without: %j',
    async (receivedAt) => {
      expect(await keyOf([event('a', { receivedAt })])).toMatch(
        /^events\/dt=none\/[0-9a-f]{16}\/none-[0-9a-f]{24}\.json\.gz$/,
      );
    },
  );

  it('is the same for the same events in the same place alone', async () => {
    const events = [event('a', RECEIVED), event('b', RECEIVED)];
    const first = await keyOf(events);
    expect(await keyOf(events)).toBe(first);
    const others = [
      await keyOf(events, 'bob'),
      await keyOf(events, 'ada', '2'),
      // What was taken before is not replaced by a part of it.
      await keyOf(events.slice(0, 1)),
      await keyOf([event('a', RECEIVED), event('b', { ...RECEIVED, text: 'changed' })]),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
  });
});

it.each(['SlowDown', 'InternalError', 'RequestTimeout', 'TimeoutError', 'Status503'])(
  'is tried again after %s, all events of the object',
  async (name) => {
    const { send, objects } = bucket(() => named(name));
    expect(await send([event('a'), event('b')])).toEqual([
      { kind: 'retry', reason: `PutObject of "archive/${objects[0]?.key ?? ''}" failed: ${name}: said` },
    ]);
  },
);

it.each([
  'AccessDenied',
  'NoSuchBucket',
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'Status301',
  'KMS.DisabledException',
])('lets us do nothing: %s is a fault that names the object', async (name) => {
  const fault = await bucket(() => named(name))
    .send([event('a')])
    .catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(AccessFault);
  expect(String(fault)).toContain('archive/events/');
});

it('begins nothing without time', async () => {
  const { send, objects } = bucket(undefined, () => 9_999);
  expect(await send([event('a')])).toBeUndefined();
  expect(objects).toEqual([]);
});
