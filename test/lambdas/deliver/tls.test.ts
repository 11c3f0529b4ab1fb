/** Destinations whose TLS does not come about, and hosts that have IPv6 alone: what an operator reads of them. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import net from 'node:net';
import type tls from 'node:tls';
import { judge } from '../../../lambdas/deliver/destinations/webhook/answer.ts';
import { httpClient } from '../../../lambdas/deliver/http-client.ts';
import { rawTlsServer, type RawServer } from '../../support/raw-server.ts';

const pem = (...names: readonly string[]): string =>
  names
    .map((name) => readFileSync(join(import.meta.dirname, '../../fixtures/tls', `${name}.pem`), 'utf8'))
    .join('');
const key = pem('key');
const ca = pem('root');

const servers: RawServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
const started = async (server: Promise<RawServer>): Promise<RawServer> => {
  servers.push(await server);
  return server;
};

const answer = (socket: net.Socket): void => {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
};
const serveTls = (options: tls.TlsOptions, host = '127.0.0.1') =>
  started(rawTlsServer({ key, ...options }, answer, host));

/** Posts to hook.example, which is this machine. */
const post = ({ port }: Pick<RawServer, 'port'>, { address = '127.0.0.1', family = 4, trusts = ca } = {}) =>
  httpClient({
    timeout: 5_000,
    networks: ['loopback'],
    ca: trusts,
    resolve: () => Promise.resolve([{ address, family }]),
  })({ url: `https://hook.example:${port}/`, headers: {}, body: '{}' });

const PROBLEMS: [string, tls.TlsOptions, string][] = [
  [
    'an expired certificate',
    { cert: pem('expired') },
    "TLS: the destination's certificate, or one of its chain, has expired: it has to be renewed there " +
      '(CERT_HAS_EXPIRED: certificate has expired)',
  ],
  [
    'a certificate for another host',
    { cert: pem('other-host') },
    "TLS: the destination's certificate is for another host than the one in url (ERR_TLS_CERT_ALTNAME_INVALID: " +
      "Hostname/IP does not match certificate's altnames: Host: hook.example. is not in the cert's altnames: DNS:elsewhere.example)",
  ],
  [
    'a self-signed certificate',
    { cert: pem('self-signed') },
    "TLS: the destination's certificate is self-signed: it needs one of a public authority " +
      '(DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate)',
  ],
  [
    'a chain that lacks the authority in between',
    { cert: pem('by-intermediate') },
    'TLS: the destination does not send the certificate of the authority in between, or its authority is not public ' +
      '(UNABLE_TO_VERIFY_LEAF_SIGNATURE: unable to verify the first certificate)',
  ],
  [
    'a version of TLS that is too old',
    { cert: pem('good'), minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    'TLS: the destination offers no TLS version from 1.2 on',
  ],
  [
    'no cipher in common',
    { cert: pem('good'), maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    'TLS: the destination and Sluice have no TLS cipher in common',
  ],
  [
    'a client certificate that is asked for',
    { cert: pem('good'), requestCert: true, rejectUnauthorized: true },
    'TLS: the destination asks for a client certificate; name one in tls',
  ],
];

describe('a destination with', () => {
  it.each(PROBLEMS)('%s is retried, with words that say what to change', async (_, options, words) => {
    const reply = await post(await serveTls(options));
    expect(reply).toEqual({ kind: 'transport', reason: expect.stringContaining(words) as unknown });
    expect(judge(reply, 0).kind).toBe('retry');
    // What OpenSSL adds differs from process to process, and would be noted as another failure each time.
    expect(JSON.stringify(reply)).not.toMatch(/[0-9A-F]{12}|\.c:\d/);
  });

  it('an authority of its own, which nobody else knows', async () => {
    const server = await serveTls({ cert: pem('by-intermediate', 'intermediate', 'root') });
    expect(await post(server)).toMatchObject({ kind: 'answer', status: 200 });
    const stranger = await post(server, { trusts: pem('self-signed') });
    expect(stranger).toMatchObject({
      kind: 'transport',
      reason: expect.stringContaining('an authority that is not public') as unknown,
    });
  });

  it('no TLS at its port', async () => {
    const plain = net.createServer((socket) => {
      socket.on('error', () => undefined).on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    await new Promise<void>((done) => plain.listen(0, '127.0.0.1', done));
    const { port } = plain.address() as net.AddressInfo;
    const reply = await post({ port });
    await new Promise((done) => plain.close(done));
    expect(reply).toMatchObject({
      kind: 'transport',
      reason: expect.stringContaining('TLS: the destination does not speak TLS at this port') as unknown,
    });
  });
});

describe('a host with IPv6 alone', () => {
  it('gets its events, by name and by address', async () => {
    const server = await serveTls({ cert: pem('good') }, '::1');
    expect(await post(server, { address: '::1', family: 6 })).toMatchObject({ status: 200, body: 'ok' });
    const byAddress = await httpClient({ timeout: 5_000, networks: ['loopback'], ca })({
      url: `https://[::1]:${server.port}/`,
      headers: {},
      body: '{}',
    });
    expect(byAddress).toMatchObject({ status: 200, body: 'ok' });
  });

  it('is named when it does not answer', async () => {
    const server = await serveTls({ cert: pem('good') }, '::1');
    await server.close();
    servers.length = 0;
    expect(await post(server, { address: '::1', family: 6 })).toEqual({
      kind: 'transport',
      reason: `connect ECONNREFUSED ::1:${server.port}`,
    });
  });

  it('with an address that cannot be read is a refusal, and nothing else fails', async () => {
    const server = await serveTls({ cert: pem('good') });
    const reply = await post(server, { address: 'fe80::1%e-t.h', family: 6 });
    expect(reply).toEqual({
      kind: 'misconfigured',
      reason: '"fe80::1%e-t.h" of host hook.example cannot be read as an IP address',
    });
    expect(judge(reply, 0).kind).toBe('closed');
  });
});
