/** A source with `anonymizeIp`: what is stored of a request has no whole address of its sender. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceSettings } from '../../../contract/settings.ts';
import { anonymousIp } from '../../../lambdas/ingest/anonymize-ip.ts';
import { keysToSources } from '../../../lambdas/ingest/write-key.ts';
import { basic, proxyEvent, setUp, WRITE_KEY } from './fakes.ts';

const SOURCE: SourceSettings = {
  id: 'web',
  enabled: true,
  orderBy: 'auto',
  writeKeys: [WRITE_KEY],
  anonymizeIp: true,
};
const anonymizing = () => setUp({ sourceOf: keysToSources([SOURCE]) });
const EVENT = { userId: 'u1', messageId: 'm1', type: 'track', event: 'click' };

describe('an address', () => {
  test.each([
    ['203.0.113.9', '203.0.113.0'],
    ['203.0.113.9:51234', '203.0.113.0'],
    ['::ffff:203.0.113.9', '203.0.113.0'],
    ['[::ffff:cb00:7109]:443', '203.0.113.0'],
    ['2001:db8:1234:5678:9abc:def0:1234:5678', '2001:db8:1234::'],
    ['[2001:DB8:1234:5678::7]:443', '2001:db8:1234::'],
    ['fe80::1%eth0', 'fe80::'],
    ['::1', '::'],
    // NAT64 and Teredo have the IPv4 address at the end, 6to4 has it at the beginning.
    ['64:ff9b::203.0.113.9', '64:ff9b::'],
    ['2001:0:4136:e378:8000:63bf:34ff:8ef6', '2001:0:4136::'],
    ['2002:cb00:7109:1::1', '2002:cb00:7100::'],
  ])('%s is kept as %s', (whole, cut) => {
    expect(anonymousIp(whole)).toBe(cut);
    // One that was cut stays as it is.
    expect(anonymousIp(cut)).toBe(cut);
  });

  test.each([
    '',
    'unknown',
    'shop.example',
    '203.0.113',
    '203.0.113.256',
    '203.0.113.9, 10.0.0.1',
    '0xcb.0.113.9',
  ])('of %j, which is none, nothing is kept', (text) => {
    expect(anonymousIp(text)).toBeUndefined();
  });

  test('has no bit of what must not be kept, whichever it is', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(anonymousIp(address)).toBe(address.replace(/\d+$/, '0'));
      }),
    );
    const groups = (count: number, min = 0) =>
      fc.array(fc.integer({ min, max: 0xffff }), { minLength: count, maxLength: count });
    const text = (...parts: number[][]): string =>
      parts
        .flat()
        .map((part) => part.toString(16))
        .join(':');
    fc.assert(
      fc.property(groups(3, 0x2003), groups(5), groups(5), (network, one, other) => {
        const cut = anonymousIp(text(network, one));
        expect(cut).toBe(`${text(network)}::`);
        expect(anonymousIp(text(network, other))).toBe(cut);
      }),
    );
  });
});

describe('of an event', () => {
  test.each([
    ['IPv4', '203.0.113.9', '203.0.113.0'],
    ['IPv6', '2001:db8:1234:5678::7', '2001:db8:1234::'],
    ['IPv4 in IPv6', '::ffff:203.0.113.9', '203.0.113.0'],
    ['no address', 'test-invoke-source-ip', ''],
  ])('the address of the connection is cut: %s', async (_, ip, cut) => {
    const { post, queue } = anonymizing();
    expect((await post({ batch: [EVENT] }, { ip })).statusCode).toBe(200);
    expect(queue.envelopes).toMatchObject([{ events: [{ ...EVENT, request_ip: cut }] }]);
    if (cut !== ip) expect(JSON.stringify(queue.stored)).not.toContain(ip);
  });

  test('so is the address that proxies named', async () => {
    const { post, queue } = anonymizing();
    await post(
      { batch: [EVENT] },
      {
        headers: { Authorization: basic(WRITE_KEY), 'X-Forwarded-For': '198.51.100.23, 10.0.0.1' },
      },
    );
    expect(queue.envelopes).toMatchObject([{ events: [{ request_ip: '198.51.100.0' }] }]);
  });

  test('so are those that it came with, and what is no address is left out', async () => {
    const { post, queue } = anonymizing();
    const batch = [
      { ...EVENT, messageId: 'a', request_ip: '198.51.100.23', context: { ip: '2001:db8:1:2::3', os: 'x' } },
      {
        ...EVENT,
        messageId: 'b',
        request_ip: 'from 198.51.100.23',
        context: { ip: ['198.51.100.23'], os: 'x' },
      },
      { ...EVENT, messageId: 'c', request_ip: null, context: { ip: null } },
      { ...EVENT, messageId: 'd', context: 'none' },
    ];
    expect((await post({ batch }, { ip: '203.0.113.9' })).statusCode).toBe(200);
    expect(queue.envelopes).toMatchObject([
      {
        events: [
          { messageId: 'a', request_ip: '198.51.100.0', context: { ip: '2001:db8:1::', os: 'x' } },
          { messageId: 'b', request_ip: '203.0.113.0', context: { os: 'x' } },
          { messageId: 'c', request_ip: '203.0.113.0', context: { ip: null } },
          { messageId: 'd', request_ip: '203.0.113.0', context: 'none' },
        ],
      },
    ]);
    expect(JSON.stringify(queue.stored)).not.toMatch(/198\.51\.100\.23|203\.0\.113\.9/);
  });

  test('nothing else changes: numbers have the digits that were sent', async () => {
    const { post, queue } = anonymizing();
    const body =
      '{"batch":[{"userId":"u1","messageId":"m1","n":12345678901234567890,"context":{"ip":"203.0.113.9","n":1.0}}]}';
    await post(body);
    expect(queue.stored[0]?.body).toContain('"n":12345678901234567890');
    expect(queue.stored[0]?.body).toContain('"context":{"ip":"203.0.113.0","n":1.0}');
  });

  test('that comes as a pixel', async () => {
    const { ingest, queue } = anonymizing();
    const query = `writeKey=${WRITE_KEY}&userId=u1&event=open&context.ip=198.51.100.23`;
    await ingest(
      proxyEvent({ method: 'GET', path: '/pixel/v1/track', query, headers: {}, ip: '203.0.113.9' }),
    );
    expect(queue.envelopes).toMatchObject([
      { events: [{ request_ip: '203.0.113.0', context: { ip: '198.51.100.0' } }] },
    ]);
  });
});

describe('of what is rejected', () => {
  test('a bad event', async () => {
    const { post, queue } = anonymizing();
    const bad = { messageId: 'm2', request_ip: '198.51.100.23', context: { ip: '198.51.100.23' } };
    expect((await post({ batch: [EVENT, bad] })).statusCode).toBe(200);
    expect(queue.envelopes).toHaveLength(2);
    expect(JSON.stringify(queue.stored)).toContain('198.51.100.0');
    expect(JSON.stringify(queue.stored)).not.toContain('198.51.100.23');
  });

  test.each([
    [
      'an event that is not JSON',
      `{"batch":[{"userId":"u1","messageId":"m1"},{"userId":"u2","n":NaN,"context":{"ip" : "198.51.100.23"}}]}`,
      200,
    ],
    ['a body that is not JSON', '{"request_ip":"198.51.100.23","n":NaN', 400],
    ['one that was cut off in the address', '{"n":NaN,"context":{"ip":"198.51.100.23', 400],
    ['one with an escape in the address', String.raw`{"n":NaN,"context":{"ip":"198.51.100.2\u0033`, 400],
  ])('%s', async (_, body, status) => {
    const { post, queue } = anonymizing();
    expect((await post(body)).statusCode).toBe(status);
    const records = queue.envelopes.filter(({ kind }) => kind === 'rejected');
    expect(records).toHaveLength(1);
    expect(JSON.stringify(records)).toContain('NaN');
    expect(JSON.stringify(records)).not.toMatch(/198\.51\.100\.2[^\d.]?/);
  });
});

test('a source without it keeps whole addresses', async () => {
  const source = { ...SOURCE, anonymizeIp: undefined };
  const { post, queue } = setUp({ sourceOf: keysToSources([source]) });
  await post({ batch: [{ ...EVENT, context: { ip: '198.51.100.23' } }] }, { ip: '203.0.113.9' });
  expect(queue.envelopes).toMatchObject([
    { events: [{ request_ip: '203.0.113.9', context: { ip: '198.51.100.23' } }] },
  ]);
});
