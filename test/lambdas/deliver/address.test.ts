import { describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import {
  checkLiteral,
  guardedLookup,
  type Networks,
  type Resolve,
} from '../../../lambdas/deliver/address.ts';

const resolveTo =
  (...addresses: string[]): Resolve =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

const look = (networks: Networks, resolve: Resolve, all = true) =>
  new Promise<string | readonly LookupAddress[]>((done, fail) => {
    guardedLookup(networks, resolve)('host.example', { all }, (error, found) => {
      if (error === null) done(found);
      else fail(error);
    });
  });

const PUBLIC = ['1.1.1.1', '93.184.216.34', '172.15.0.1', '172.32.0.1', '2606:4700:4700::1111'];

/** Address, and what it is called. */
const PRIVATE: [string, string][] = [
  ['10.0.0.5', 'private'],
  ['172.16.0.1', 'private'],
  ['192.168.1.1', 'private'],
  ['169.254.169.254', 'linkLocal'],
  ['100.64.0.1', 'carrierGradeNat'],
  ['0.0.0.0', 'unspecified'],
  ['255.255.255.255', 'broadcast'],
  ['224.0.0.1', 'multicast'],
  ['192.0.2.1', 'reserved'],
  ['240.0.0.1', 'reserved'],
  ['::', 'unspecified'],
  ['fe80::1', 'linkLocal'],
  ['fd00:ec2::254', 'uniqueLocal'],
  ['::ffff:10.0.0.5', 'private'],
  ['::ffff:169.254.169.254', 'linkLocal'],
  ['::10.0.0.5', 'private'],
  ['::a00:5', 'reserved'],
  ['64:ff9b::a00:5', 'rfc6052'],
  ['2002:a00:5::1', '6to4'],
  ['ff02::1', 'multicast'],
  ['4000::1', 'reserved'],
];
const LOOPBACK = ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'];

describe('addresses that a host name leads to', () => {
  it.each(PUBLIC)('%s is public', async (address) => {
    for (const networks of ['public', 'loopback', 'any'] as const) {
      expect(await look(networks, resolveTo(address))).toMatchObject([{ address }]);
    }
  });

  it.each(PRIVATE)('%s is refused as %s, unless the config allows it', async (address, kind) => {
    const message =
      `address ${address} of host host.example is not public (${kind}); ` +
      'set allowPrivateNetwork on the destination if it is meant';
    await expect(look('public', resolveTo(address))).rejects.toThrow(message);
    await expect(look('loopback', resolveTo(address))).rejects.toThrow(message);
    expect(await look('any', resolveTo(address))).toMatchObject([{ address }]);
  });

  it.each(LOOPBACK)('%s is refused, except by the local run', async (address) => {
    await expect(look('public', resolveTo(address))).rejects.toThrow('is not public (loopback)');
    expect(await look('loopback', resolveTo(address))).toMatchObject([{ address }]);
  });

  it('one private address among public ones is enough to refuse', async () => {
    await expect(look('public', resolveTo('1.1.1.1', '10.0.0.5'))).rejects.toThrow('address 10.0.0.5');
  });

  it('answers a socket that asks for one address with the first, and one that asks for all with all', async () => {
    expect(await look('public', resolveTo('1.1.1.1', '1.0.0.1'), false)).toBe('1.1.1.1');
    expect(await look('public', resolveTo('1.1.1.1', '1.0.0.1'))).toHaveLength(2);
  });

  it('a name that does not resolve, or to nothing, is the error that it is', async () => {
    const failure = new Error('getaddrinfo ENOTFOUND host.example');
    await expect(look('public', () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(look('public', resolveTo())).rejects.toThrow('host host.example has no address');
  });
});

describe('addresses in the URL itself', () => {
  it.each([
    'http://10.0.0.5/',
    'http://169.254.169.254/latest/meta-data/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.5]/',
    'http://[::ffff:a00:5]/',
    'http://[fd00:ec2::254]/',
    'http://①②⑦.0.0.1/',
  ])('%s is refused', (text) => {
    const url = new URL(text);
    expect(checkLiteral(url, 'public')?.message).toContain('is not public');
    expect(checkLiteral(url, 'any')).toBeUndefined();
  });

  it('loopback is allowed to the local run, and nothing else', () => {
    expect(checkLiteral(new URL('http://127.0.0.1:9000/'), 'loopback')).toBeUndefined();
    expect(checkLiteral(new URL('http://[::1]:9000/'), 'loopback')).toBeUndefined();
    expect(checkLiteral(new URL('http://192.168.0.1/'), 'loopback')).toBeDefined();
    expect(checkLiteral(new URL('http://0.0.0.0/'), 'loopback')).toBeDefined();
  });

  it('public addresses and names pass (names are checked when they are looked up)', () => {
    for (const text of [
      'https://1.1.1.1/',
      'https://[2606:4700::1]/',
      'https://localhost/',
      'https://a.b/',
    ]) {
      expect(checkLiteral(new URL(text), 'public')).toBeUndefined();
    }
  });
});
