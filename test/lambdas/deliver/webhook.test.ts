import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import {
  buildRequest,
  idempotencyKey,
  secretNames,
  sign,
  toPayload,
  type WebhookConfig,
} from '../../../lambdas/deliver/destinations/webhook/request.ts';

const url = 'https://receiver.example/hook?a=1';
const plain: WebhookConfig = { url, headers: {}, batch: 1 };
const event = (messageId: string, more: object = {}): SluiceEvent => ({ messageId, userId: 'ü', ...more });
const none = new Map<string, string>();

const build = (
  config: WebhookConfig,
  events: readonly SluiceEvent[],
  secrets: ReadonlyMap<string, string> = none,
  now = Date.now(),
) => {
  const built = buildRequest(config, 'web', events, secrets, now);
  if (built.kind !== 'request') throw new Error(built.reason);
  return built.request;
};

describe('the body', () => {
  it('is a JSON object without batches, an array with them, of one event too', () => {
    const [a, b] = [event('a'), event('b')];
    expect(JSON.parse(build(plain, [a]).body)).toEqual(a);
    expect(JSON.parse(build({ ...plain, batch: 2 }, [a, b]).body)).toEqual([a, b]);
    expect(JSON.parse(build({ ...plain, batch: 2 }, [a]).body)).toEqual([a]);
  });

  it('drops null fields of the top level, as RudderStack does, and no others', () => {
    const sent = toPayload(
      event('a', { anonymousId: null, properties: { coupon: null }, zero: 0, no: false }),
    );
    expect(sent).toStrictEqual({
      messageId: 'a',
      userId: 'ü',
      properties: { coupon: null },
      zero: 0,
      no: false,
    });
  });

  it.each<[string, object, unknown]>([
    ['a context without one', { context: { os: 'x' } }, { os: 'x', ip: '1.2.3.4' }],
    ['no context', {}, { ip: '1.2.3.4' }],
    ['a null context', { context: null }, { ip: '1.2.3.4' }],
    ['an ip of null', { context: { ip: null } }, { ip: '1.2.3.4' }],
    ['an ip of its own', { context: { ip: '9.9.9.9' } }, { ip: '9.9.9.9' }],
    ['a context that is no object', { context: 'text' }, 'text'],
  ])('fills in context.ip from request_ip: %s', (_, more, context) => {
    expect(toPayload(event('a', { request_ip: '1.2.3.4', ...more }))['context']).toEqual(context);
  });

  it('invents no context when there is no request_ip', () => {
    expect(toPayload(event('a'))).not.toHaveProperty('context');
  });

  it('leaves the event itself alone', () => {
    const original = event('a', { request_ip: '1.2.3.4', context: { os: 'x' }, header: { a: 'b' } });
    const before = structuredClone(original);
    toPayload(original);
    expect(original).toEqual(before);
  });
});

describe('an event cannot direct the request', () => {
  it('by fullPath, appendPath, header or integrations', () => {
    const hostile = event('a', {
      fullPath: 'http://169.254.169.254/latest',
      appendPath: '/../admin',
      header: { authorization: 'stolen', host: 'evil.example' },
      integrations: { webhook: { fullPath: 'http://10.0.0.1/', appendPath: '/x' } },
    });
    const request = build(plain, [hostile]);
    expect(request.url).toBe(url);
    expect(Object.keys(request.headers)).toEqual(['Content-Type', 'User-Agent', 'Idempotency-Key']);
    expect(Object.keys(JSON.parse(request.body) as object)).toEqual(['messageId', 'userId', 'integrations']);
  });

  it('by an id that breaks out of its header', () => {
    for (const id of ['a\r\nx-evil: 1', 'ü', 'a b', 'a.1', '', 'x'.repeat(257)]) {
      expect(build(plain, [event(id)]).headers['Idempotency-Key']).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});

describe('headers', () => {
  it("carry RudderStack's User-Agent and the configured ones, with their secrets", () => {
    const headers = { 'X-Fixed': 'yes', Authorization: { secretName: 'token' } };
    expect(build({ ...plain, headers }, [event('a')], new Map([['token', 'Bearer 1']])).headers).toEqual({
      'X-Fixed': 'yes',
      Authorization: 'Bearer 1',
      'Content-Type': 'application/json',
      'User-Agent': 'RudderLabs',
      'Idempotency-Key': 'web:a',
    });
  });

  it('name all secrets that are needed', () => {
    const headers = { a: 'text', b: { secretName: 'one' } };
    expect(
      secretNames({ url: { secretName: 'zero' }, headers, signingSecret: { secretName: 'two' } }),
    ).toEqual(['zero', 'one', 'two']);
    expect(secretNames({ url: 'https://x.example', headers: {} })).toEqual([]);
  });

  it.each(['', 'two\nlines', 'emoji 😀'])('a secret of %p is a mistake of the configuration', (value) => {
    const config = { ...plain, headers: { Authorization: { secretName: 'token' } } };
    expect(buildRequest(config, 'web', [event('a')], new Map([['token', value]]), 0)).toEqual({
      kind: 'misconfigured',
      reason: 'headers.Authorization: the secret "token" is empty or holds what a header cannot',
    });
  });
});

describe('the idempotency key', () => {
  it('is the source and the id of a single event', () => {
    expect(idempotencyKey('web', [event('0b9c-1:2')])).toBe('web:0b9c-1:2');
  });

  it('of a replayed event is another than that of the first time, and the same in each attempt', () => {
    const replayed = (replay: string) =>
      idempotencyKey('web', [event('a', { context: { sluice: { replay } } })]);
    expect(replayed('r1')).not.toBe(idempotencyKey('web', [event('a')]));
    expect(replayed('r1')).toBe(replayed('r1'));
    expect(replayed('r1')).not.toBe(replayed('r2'));
  });

  it('of a batch depends on the source, the ids and where one id ends, and on nothing else', () => {
    const keys = [
      idempotencyKey('web', [event('a'), event('b')]),
      idempotencyKey('web', [event('b'), event('a')]),
      idempotencyKey('web', [event('ab'), event('')]),
      idempotencyKey('web', [event('a'), event('b'), event('c')]),
      idempotencyKey('app', [event('a'), event('b')]),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(idempotencyKey('web', [event('a', { x: 1 }), event('b')])).toBe(keys[0]);
  });
});

describe('the signature', () => {
  const key = (fill: string) => `whsec_${Buffer.from(fill.repeat(32)).toString('base64')}`;
  const config = { ...plain, signingSecret: { secretName: 'signing' } };
  const signed = (secret: string, now?: number) =>
    build(config, [event('a', { name: 'é€😀' })], new Map([['signing', secret]]), now);

  it('is one that the Standard Webhooks library verifies', () => {
    const { body, headers } = signed(key('k'));
    expect(new Webhook(key('k')).verify(body, headers)).toMatchObject({ messageId: 'a', name: 'é€😀' });
    expect(headers['webhook-id']).toBe(headers['Idempotency-Key']);
    expect(() => new Webhook(key('k')).verify(`${body} `, headers)).toThrow('No matching signature');
    expect(() => new Webhook(key('x')).verify(body, headers)).toThrow('No matching signature');
  });

  it('is verified with the old key and the new one while keys are changed', () => {
    const { body, headers } = signed(`${key('n')} ${key('o')}\n`);
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const secret of [key('n'), key('o')]) {
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({ messageId: 'a' });
    }
  });

  it('covers the time in whole seconds', () => {
    expect(signed(key('k'), 1_795_348_800_999).headers['webhook-timestamp']).toBe('1795348800');
  });

  it('is left out when no key is configured', () => {
    expect(Object.keys(build(plain, [event('a')]).headers).join()).not.toContain('webhook');
  });

  it.each(['', 'whsec_', 'whsec_A', 'not base64!', 'whsec_QUJD QU=JD'])('a key of %p is none', (value) => {
    expect(sign(value, 'id', 1, '{}')).toBeUndefined();
    const built = buildRequest(config, 'web', [event('a')], new Map([['signing', value]]), 0);
    expect(built).toMatchObject({
      kind: 'misconfigured',
      reason: expect.stringContaining('the secret "signing" is not a key') as unknown,
    });
  });
});
