/** `url: { secretName }`: the URL is read like a header's secret. */
import { expect, it } from '@jest/globals';
import { buildRequest } from '../../../lambdas/deliver/destinations/webhook/request.ts';
import { event } from './world.ts';

const built = (url: string) =>
  buildRequest(
    { url: { secretName: 'crm/url' }, headers: {}, batch: 1 },
    'web',
    [event('a')],
    new Map([['crm/url', url]]),
    0,
  );

it.each(['https://hooks.example.com/T000/abc', 'http://127.0.0.1:9000/hook', 'http://10.0.0.1/'])(
  '%s is where the request goes',
  (url) => {
    expect(built(url)).toMatchObject({ kind: 'request', request: { url } });
  },
);

it.each(['', 'nowhere', 'http://hooks.example.com/T000/abc', 'https://user:word@example.com/', 'ftp://x/'])(
  '"%s" is of no use, and is not repeated',
  (url) => {
    expect(built(url)).toEqual({
      kind: 'misconfigured',
      reason: 'url: the secret "crm/url" is not an https URL without a user name or password',
    });
  },
);
