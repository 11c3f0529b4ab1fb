/** What only some destinations do: they refresh tokens, and take several events in a request. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Bundled } from '../support/actions/bundled.ts';
import { identify, track } from '../support/actions/events.ts';
import { Recorder } from '../support/actions/recorder.ts';

const recorder = new Recorder();
beforeAll(() => recorder.start());
afterAll(() => recorder.close());

const secret = (secretName: string) => ({ secretName });

it('hubspot: a token that is refused is refreshed once, and used from then on', async () => {
  const hubspot = new Bundled(
    {
      destination: 'hubspot',
      oauth: {
        accessToken: secret('old'),
        refreshToken: secret('refresh'),
        clientId: 'client-1',
        clientSecret: secret('client-secret'),
      },
      subscriptions: [
        {
          action: 'sendCustomBehavioralEvent',
          subscribe: 'type = "track"',
          mapping: { eventName: 'pe1_signed_up' },
        },
      ],
    },
    { origin: recorder.origin },
  );
  recorder.answer = ({ path, headers }) => {
    if (path.includes('/oauth/')) return { status: 200, body: '{"access_token":"new-token-1"}' };
    return headers['authorization'] === 'Bearer new-token-1' ? { status: 200 } : { status: 401 };
  };
  expect(await hubspot.send(track('m-1'))).toEqual([{ kind: 'delivered' }]);
  expect(await hubspot.send(track('m-2'))).toEqual([{ kind: 'delivered' }]);
  const requests = recorder.take();
  expect(requests.map(({ path }) => (path.includes('/oauth/') ? 'refresh' : 'event'))).toEqual([
    'event',
    'refresh',
    'event',
    'event',
  ]);
  expect(requests[1]?.body).toBe(
    'refresh_token=value-of-refresh&client_id=client-1&client_secret=value-of-client-secret&grant_type=refresh_token',
  );
  // A new token that is refused as well is the account's trouble, and in no reason.
  recorder.answer = ({ path, headers }) =>
    path.includes('/oauth/')
      ? { status: 200, body: '{"access_token":"newer-token-2"}' }
      : { status: 401, body: `no ${String(headers['authorization'])}` };
  const [verdict] = await hubspot.send(track('m-3'));
  expect(verdict).toMatchObject({ kind: 'closed' });
  expect(JSON.stringify(verdict)).not.toMatch(/new-token-1|newer-token-2/);
  await hubspot.close();
});

it('mixpanel: events of a user that follow one another share a request', async () => {
  recorder.take();
  const mixpanel = new Bundled(
    {
      destination: 'mixpanel',
      settings: { projectToken: 'token-1', apiSecret: secret('secret') },
      batch: 10,
    },
    { origin: recorder.origin },
  );
  recorder.answer = () => ({ status: 200, body: '{"code":200,"status":"OK"}' });
  const verdicts = await mixpanel.send(track('m-1'), track('m-2'), identify('m-3'), track('m-4'));
  expect(verdicts.map(({ kind }) => kind)).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
  const imports = recorder.take().filter(({ path }) => path.startsWith('/import'));
  expect(imports.map(({ body }) => (JSON.parse(body) as unknown[]).length)).toEqual([2, 1]);
  // A batch that is refused is sent event by event: the bad one alone is rejected.
  recorder.answer = ({ body }) =>
    body.includes('m-6') ? { status: 400, body: '{"error":"bad"}' } : { status: 200 };
  const refused = await mixpanel.send(track('m-5'), track('m-6'), track('m-7'));
  expect(refused.map(({ kind }) => kind)).toEqual(['delivered', 'rejected', 'delivered']);
  await mixpanel.close();
});
