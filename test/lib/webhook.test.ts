/** A webhook in the template: what its function knows of it, and which secrets it may read. */
import { afterAll, expect, it } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { privateUrls } from '../../lib/private-urls.ts';
import { bundle } from './example.ts';
import { minimal, permissions, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

const secret = (name: string) => ({ secretName: name });
const auth = {
  type: 'oauth2',
  tokenUrl: 'https://login.example.com/token',
  clientId: secret('crm/id'),
  clientSecret: secret('crm/client'),
} as const;
const tls = { certificate: secret('crm/certificate'), key: secret('crm/key') };

it('may read the secrets of its token and its certificate', () => {
  const example = synthesize({
    ...minimal,
    destinations: [
      { id: 'crm', type: 'webhook', method: 'PUT', url: 'https://example.com/{userId}', auth, tls },
    ],
  });
  expect(bundle(example, 'Destination-crm')).toMatchObject({
    destination: {
      method: 'PUT',
      url: 'https://example.com/{userId}',
      auth: { ...auth, clientAuth: 'header' },
      tls,
    },
  });
  const granted = JSON.stringify(permissions(example, 'Destination-crm'));
  for (const name of ['crm/id', 'crm/client', 'crm/certificate', 'crm/key'])
    expect(granted).toContain(`:secret:${name}-??????`);
});

it('without them has no such keys in its bundle', () => {
  const example = synthesize(minimal);
  expect(Object.keys((bundle(example, 'Destination-crm') as { destination: object }).destination)).toEqual([
    'id',
    'type',
    'method',
    'url',
    'headers',
    'batch',
    'maxConcurrency',
    'allowPrivateNetwork',
    'enabled',
  ]);
});

it('warns of a token endpoint that only the local run may ask', () => {
  const warnings = (more: object) =>
    privateUrls(
      validateConfig({
        ...minimal,
        destinations: [
          {
            id: 'crm',
            type: 'webhook',
            url: 'https://example.com/',
            auth: { ...auth, tokenUrl: 'http://127.0.0.1:9000/token' },
            ...more,
          },
        ],
      }),
    );
  expect(warnings({})).toEqual([
    {
      id: 'private-token-url-crm',
      warning:
        'the destination crm asks for tokens at http://127.0.0.1:9000/token, which works in the local run only; name a public ' +
        'address, or set allowPrivateNetwork',
    },
  ]);
  expect(warnings({ allowPrivateNetwork: ['loopback'] })).toEqual([]);
});
