import type { NetworkName } from '../../../contract/settings.ts';
import { describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import {
  AddressRefused,
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

/** Address and its name. */
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
  ['fd00::1', 'uniqueLocal'],
  ['fd00:ec2::254', 'linkLocal'],
  ['::ffff:10.0.0.5', 'private'],
  ['::ffff:169.254.169.254', 'linkLocal'],
  ['::10.0.0.5', 'private'],
  ['::a00:5', 'reserved'],
  ['64:ff9b::a00:5', 'rfc6052'],
  ['2002:a00:5::1', '6to4'],
  ['ff02::1', 'multicast'],
  ['4000::1', 'reserved'],
];
const NETWORKS: Partial<Record<string, NetworkName>> = {
  private: 'private',
  uniqueLocal: 'private',
  linkLocal: 'linkLocal',
};
const ANY = ['private', 'loopback', 'linkLocal'] as const;
const LOOPBACK = ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'];

describe('addresses that a host name leads to', () => {
  it.each(PUBLIC)('%s is public', async (address) => {
    for (const networks of [[], ['loopback'], ANY] as const) {
      expect(await look(networks, resolveTo(address))).toMatchObject([{ address }]);
    }
  });

  it.each(PRIVATE)('%s is refused as %s, unless the config allows that network', async (address, kind) => {
    const message = `address ${address} of host host.example is not public (${kind}); `;
    const network = NETWORKS[kind];
    await expect(look([], resolveTo(address))).rejects.toThrow(message);
    if (network === undefined) {
      await expect(look(ANY, resolveTo(address))).rejects.toThrow(`${message}nothing is sent there`);
      return;
    }
    const others = ANY.filter((one) => one !== network);
    await expect(look(others, resolveTo(address))).rejects.toThrow(`${message}set allowPrivateNetwork to`);
    expect(await look([network], resolveTo(address))).toMatchObject([{ address }]);
  });

  it.each(LOOPBACK)('%s is refused, unless the config or the local run allows it', async (address) => {
    await expect(look(['private'], resolveTo(address))).rejects.toThrow('to ["loopback"]');
    expect(await look(['loopback'], resolveTo(address))).toMatchObject([{ address }]);
  });

  it.each(['fe80::1%', 'fe80::1%e-t.h', '1.1.1.1%eth0', '1.2.3.4.5', '', 'not an address'])(
    '%p cannot be read, which is a refusal like any other',
    async (address) => {
      const message = `"${address}" of host host.example cannot be read as an IP address`;
      await expect(look([], resolveTo('1.1.1.1', address))).rejects.toThrow(message);
      await expect(look(['loopback'], resolveTo(address))).rejects.toThrow(message);
      await expect(look([], resolveTo(address))).rejects.toThrow(AddressRefused);
    },
  );

  it('a zone does not change what kind an address is', async () => {
    await expect(look([], resolveTo('fe80::1%eth0'))).rejects.toThrow('is not public (linkLocal)');
    await expect(look([], resolveTo('::ffff:10.0.0.5%1'))).rejects.toThrow('is not public (private)');
  });

  it('one private address among public ones is enough to refuse', async () => {
    await expect(look([], resolveTo('1.1.1.1', '10.0.0.5'))).rejects.toThrow('address 10.0.0.5');
  });

  it('answers a socket that asks for one address with the first, and one that asks for all with all', async () => {
    expect(await look([], resolveTo('1.1.1.1', '1.0.0.1'), false)).toBe('1.1.1.1');
    expect(await look([], resolveTo('1.1.1.1', '1.0.0.1'))).toHaveLength(2);
  });

  it('a name that does not resolve, or resolves to nothing, fails with that error', async () => {
    const failure = new Error('getaddrinfo ENOTFOUND host.example');
    await expect(look([], () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(look([], resolveTo())).rejects.toThrow('host host.example has no address');
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
    expect(checkLiteral(url, [])?.message).toContain('is not public');
    expect(checkLiteral(url, ANY) === undefined).toBe(url.hostname !== '0.0.0.0');
  });

  it('loopback is allowed to the local run, and nothing else', () => {
    expect(checkLiteral(new URL('http://127.0.0.1:9000/'), ['loopback'])).toBeUndefined();
    expect(checkLiteral(new URL('http://[::1]:9000/'), ['loopback'])).toBeUndefined();
    expect(checkLiteral(new URL('http://192.168.0.1/'), ['loopback'])).toBeDefined();
    expect(checkLiteral(new URL('http://0.0.0.0/'), ['loopback'])).toBeDefined();
  });

  it('public addresses and names pass (names are checked when they are looked up)', () => {
    for (const text of [
      'https://1.1.1.1/',
      'https://[2606:4700::1]/',
      'https://localhost/',
      'https://a.b/',
    ]) {
      expect(checkLiteral(new URL(text), [])).toBeUndefined();
    }
  });
});
