/** One destination of the catalogue, bundled as it is deployed. `npm run test:actions` has more. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Bundled } from '../../../support/actions/bundled.ts';
import { identify, track } from '../../../support/actions/events.ts';
import { Recorder } from '../../../support/actions/recorder.ts';

const recorder = new Recorder();
let amplitude: Bundled;
beforeAll(async () => {
  await recorder.start();
  amplitude = new Bundled(
    {
      destination: 'amplitude',
      settings: { apiKey: { secretName: 'key' }, secretKey: { secretName: 'secret' } },
    },
    { origin: recorder.origin },
  );
});
afterAll(async () => {
  await amplitude.close();
  await recorder.close();
});

it('gets events by its presets, in order, with the id by which it recognizes a repetition', async () => {
  expect(await amplitude.send(identify('m-1'), track('m-2'), { ...track('m-3'), type: 'alias' })).toEqual([
    { kind: 'delivered' },
    { kind: 'delivered' },
    { kind: 'filtered' },
  ]);
  const requests = recorder.take();
  expect(requests.map(({ host, path }) => `${host}${path}`)).toEqual([
    'api2.amplitude.com/identify',
    'api2.amplitude.com/2/httpapi',
  ]);
  expect(requests[0]?.body).toContain('ada%40example.com');
  expect(JSON.parse(requests[1]?.body ?? '')).toMatchObject({
    api_key: 'value-of-key',
    events: [
      { user_id: 'ada', event_type: 'Signed Up', insert_id: 'm-2', event_properties: { plan: 'pro' } },
    ],
  });
});

it('answered 503, 400 and 401: tried again, rejected, and a closed door; secrets are in no reason', async () => {
  recorder.answer = () => ({ status: 503, headers: { 'retry-after': '7' }, body: 'busy, value-of-key' });
  expect(await amplitude.send(track('m-1'))).toEqual([
    {
      kind: 'retry',
      reason: 'logEventV2: api2.amplitude.com answered 503: busy, [redacted]',
      retryAfter: 7_000,
      pause: 7_000,
    },
  ]);
  recorder.answer = () => ({ status: 400, body: 'bad' });
  expect(await amplitude.send(track('m-1'), track('m-2'))).toMatchObject([
    { kind: 'rejected', answer: { status: 400, body: 'bad' } },
    { kind: 'rejected' },
  ]);
  expect(amplitude.expired).toBe(0);
  recorder.answer = () => ({ status: 401 });
  expect(await amplitude.send(track('m-1'), track('m-2'))).toMatchObject([{ kind: 'closed' }]);
  expect(amplitude.expired).toBe(1);
});
