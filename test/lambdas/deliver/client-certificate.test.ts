/** `tls`: a destination that asks for a client certificate, over real connections. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { httpClient } from '../../../lambdas/deliver/http-client.ts';
import { NOTHING_TO_REDACT } from '../../../lambdas/core/base/redaction.ts';
import { webhookSender } from '../../../lambdas/deliver/destinations/webhook/sender.ts';
import { transportReason } from '../../../lambdas/deliver/transport-reason.ts';
import { rawTlsServer, type RawServer } from '../../support/raw-server.ts';
import { event } from './world.ts';

const pem = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../fixtures/tls', `${name}.pem`), 'utf8');
const [key, ca] = [pem('key'), pem('root')];
const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const otherKey = other.export({ type: 'pkcs8', format: 'pem' }).toString();

const servers: RawServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** It takes clients that the root has certified, and answers with the name that is in their certificate. */
const serve = async (status = '200 OK'): Promise<RawServer> => {
  const options = { key, ca, cert: pem('good'), requestCert: true, rejectUnauthorized: true };
  const server = await rawTlsServer(options, (socket) => {
    names.push(socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : 'no TLS');
    socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
  });
  servers.push(server);
  return server;
};
let names: string[] = [];

const world = async (status?: string) => {
  names = [];
  const { port, connections } = await serve(status);
  const state = {
    expired: 0,
    values: new Map([
      ['crm/cert', pem('client').trim()],
      ['crm/key', key.trim()],
    ]),
  };
  const url = `https://hook.example:${port}/`;
  const tls = { certificate: { secretName: 'crm/cert' }, key: { secretName: 'crm/key' } };
  const senderOf = (destination: object) =>
    webhookSender({
      destination: { url, headers: {}, batch: 1, tls, ...destination },
      timing: { requestTimeout: 5_000 },
      send: httpClient({
        timeout: 5_000,
        networks: ['loopback'],
        ca,
        resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
      }),
      secrets: {
        read: () => Promise.resolve(new Map(state.values)),
        expire: () => {
          state.expired += 1;
        },
        redact: NOTHING_TO_REDACT,
      },
      clock: () => 0,
    });
  const sender = senderOf({});
  const send = async (by = sender) => {
    const said = await by.send(
      [{ sourceId: 'web', key: 'g', place: 'a', content: event('a') }],
      () => 60_000,
    );
    return said?.kind === 'whole' ? said.verdict : said;
  };
  return { state, send, senderOf, connections };
};

describe('a client certificate', () => {
  it('is sent, and connections that have it are kept', async () => {
    const { send, connections } = await world();
    expect(await send()).toEqual({ kind: 'delivered' });
    expect(await send()).toEqual({ kind: 'delivered' });
    expect([names, connections()]).toEqual([['client', 'client'], 1]);
  });

  it('that is rotated is sent by the next request, on a connection of its own', async () => {
    const { send, state, connections } = await world();
    await send();
    state.values.set('crm/cert', pem('client-next').trim());
    expect(await send()).toEqual({ kind: 'delivered' });
    expect([names, connections()]).toEqual([['client', 'client-next'], 2]);
  });

  it('that is refused by an answer has the secrets read again', async () => {
    const { send, state } = await world('403 Forbidden');
    expect(await send()).toMatchObject({ kind: 'closed', reason: 'answered 403' });
    expect(state.expired).toBe(1);
  });

  it('that is not configured is asked for in words', async () => {
    const { send, senderOf } = await world();
    expect(await send(senderOf({ tls: undefined }))).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining(
        'TLS: the destination asks for a client certificate; name one in tls',
      ) as unknown,
    });
  });

  it('that the destination does not accept is said to be the reason, and is read again', async () => {
    const { send, state } = await world();
    // It is for servers alone.
    state.values.set('crm/cert', pem('good'));
    const verdict = await send();
    expect(verdict).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('does not accept the client certificate of tls') as unknown,
    });
    expect(names).toEqual([]);
    expect(state.expired).toBe(1);
  });

  it.each([
    ['a key of another', () => ['crm/key', otherKey] as const],
    ['no certificate', () => ['crm/cert', 'not a certificate'] as const],
    ['no key', () => ['crm/key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'] as const],
    ['nothing', () => ['crm/cert', ''] as const],
  ])('with %s is a closed door: nothing is sent, and the secrets are named', async (_, change) => {
    const { send, state, connections } = await world();
    const [name, value] = change();
    state.values.set(name, value);
    const verdict = await send();
    expect(verdict).toMatchObject({
      kind: 'closed',
      reason: expect.stringContaining(
        'tls: the secrets "crm/cert" and "crm/key" are not a certificate and its key as PEM',
      ) as unknown,
    });
    expect(JSON.stringify(verdict)).not.toMatch(/AAAA|BEGIN|[0-9A-F]{8}:/);
    expect([connections(), state.expired]).toEqual([0, 1]);
    state.values = new Map([
      ['crm/cert', pem('client')],
      ['crm/key', key],
    ]);
    expect(await send()).toEqual({ kind: 'delivered' });
  });

  it('is never left out because a secret holds an http URL', async () => {
    const { send, senderOf, state } = await world();
    state.values.set('crm/url', 'http://127.0.0.1:9/');
    expect(await send(senderOf({ url: { secretName: 'crm/url' } }))).toMatchObject({
      kind: 'closed',
      reason: 'tls: the secret "crm/url" is not an https URL',
    });
  });
});

it.each(['tlsv1 alert unknown ca', 'ssl/tls alert certificate expired', 'sslv3 alert bad certificate'])(
  'an alert "%s" is about the certificate that was sent',
  (said) => {
    const message = `write EPROTO 40F7:error:0A000418:SSL routines:ssl3_read_bytes:${said}:../deps/x.c:1605:SSL alert number 48`;
    const reason = transportReason(Object.assign(new Error(message), { code: 'EPROTO' }), true);
    expect(reason).toBe(
      `TLS: the destination does not accept the client certificate of tls (EPROTO: ${said})`,
    );
  },
);
