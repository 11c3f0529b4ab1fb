/** Personal data that a destination does not get as it is. */
import { describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { PiiSettings } from '../../../contract/settings.ts';
import { AccessFault } from '../../../lambdas/core/base/faults.ts';
import { parse, stringify } from '../../../lambdas/core/base/exact-json.ts';
import type { JsonObject, SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { maskOf, maskReader } from '../../../lambdas/deliver/pii.ts';
import { a, answer, attempt, at, b, event, message, readBody, script, World, type Setting } from './world.ts';

const KEY = 'a key';
const hmac = (text: string, key = KEY): string => createHmac('sha256', key).update(text).digest('hex');
const masked = (pii: Partial<PiiSettings>, more: JsonObject) =>
  maskOf({ hash: [], drop: [], ...pii }, KEY)({ messageId: 'a', ...more });
/** As `masked` makes it. */
const made = (more: JsonObject) => ({ messageId: 'a', ...more });

describe('hash', () => {
  it('replaces a string by its HMAC-SHA256, in hex, and leaves the rest as it is', () => {
    const traits = { email: 'ada@example.com', plan: 'free' };
    expect(masked({ hash: ['context.traits.email'] }, { context: { traits } })).toEqual(
      made({ context: { traits: { email: hmac('ada@example.com'), plan: 'free' } } }),
    );
    expect(hmac('ada@example.com')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes anything else by its JSON, a number with the digits that were sent; null stays', () => {
    const properties = parse('{"card":4111111111111111222,"at":{"b":1},"is":true,"no":null}') as JsonObject;
    const hash = ['card', 'at', 'is', 'no'].map((name) => `properties.${name}`);
    expect(masked({ hash }, { properties })).toEqual(
      made({
        properties: { card: hmac('4111111111111111222'), at: hmac('{"b":1}'), is: hmac('true'), no: null },
      }),
    );
  });

  it('takes each element of a list, on the way and at the end', () => {
    const properties = {
      guests: [{ email: 'a', name: 'x' }, 'no object', { name: 'y' }],
      phones: ['1', 2, ['3']],
    };
    expect(masked({ hash: ['properties.guests.email', 'properties.phones'] }, { properties })).toEqual(
      made({
        properties: {
          guests: [{ email: hmac('a'), name: 'x' }, 'no object', { name: 'y' }],
          phones: [hmac('1'), hmac('2'), hmac('["3"]')],
        },
      }),
    );
  });
});

describe('drop', () => {
  it('leaves fields out, also of each element of a list', () => {
    const more = { context: { ip: '203.0.113.9', os: {} }, properties: { items: [{ sku: 1, name: 'n' }] } };
    expect(masked({ drop: ['context.os', 'properties.items.name'] }, more)).toEqual(
      made({ context: { ip: '203.0.113.9' }, properties: { items: [{ sku: 1 }] } }),
    );
  });

  it('of `context.ip` takes `request_ip` with it, from which a webhook would fill it in', async () => {
    const pii = { hash: [], drop: ['context.ip'] };
    const world = new World(settingOf(pii));
    await world.run([event('a', { request_ip: '203.0.113.9', context: { ip: '203.0.113.9' } })]);
    expect(world.requests.map(readBody)).toEqual([event('a', { context: {} })]);
  });
});

it('a path that leads nowhere changes nothing, and not the object either', () => {
  const given = event('a', { context: { traits: 'text' }, list: [1, [{ email: 'deep' }]] });
  const mask = maskOf({ hash: ['context.traits.email', 'list.email', 'toString'], drop: ['x.y'] }, KEY);
  expect(mask(given)).toBe(given);
});

it('a field that is called `__proto__` is a field like another', () => {
  const given = parse('{"messageId":"a","traits":{"__proto__":{"email":"x"},"email":"y"}}') as SluiceEvent;
  const after = maskOf({ hash: ['traits.email'], drop: [] }, KEY)(given);
  expect(stringify(after)).toBe(
    `{"messageId":"a","traits":{"__proto__":{"email":"x"},"email":"${hmac('y')}"}}`,
  );
});

const secretsOf = (value: string) => ({
  read: (names: readonly string[]) => Promise.resolve(new Map(names.map((name) => [name, value]))),
});
const settingOf = (pii: PiiSettings, more: Setting = {}): Setting => ({
  ...more,
  deps: { readMask: maskReader(pii, secretsOf(KEY)), masks: true },
});
const BY_EMAIL: PiiSettings = { hash: ['email'], drop: [], secret: { secretName: 'pii-key' } };

describe('a destination with pii', () => {
  const ada = event('a', { email: 'ada@example.com' });

  it('gets what is left after its transform was given the whole', async () => {
    const transform = (given: JsonObject) => ({
      ...given,
      domain: JSON.stringify(given['email']).slice(5, -1),
    });
    const world = new World(settingOf(BY_EMAIL, { transform }));
    await world.run([ada]);
    expect(world.requests.map(readBody)).toEqual([
      event('a', { email: hmac('ada@example.com'), domain: 'example.com' }),
    ]);
  });

  it('keeps what it refuses as it was sent, and says so; sent again, it is not hashed twice', async () => {
    const world = new World(settingOf(BY_EMAIL, { reply: script(400) }));
    await world.run([ada]);
    expect(world.rejected).toMatchObject([{ masked: true, transformed: true }]);
    const kept = parse(world.rejected[0]?.body ?? '') as SluiceEvent;
    expect(kept).toEqual(event('a', { email: hmac('ada@example.com') }));

    await world.run(message([kept], { transformed: true, masked: true }));
    expect(world.requests.slice(1).map(readBody)).toEqual([kept]);
  });

  it('hides what was refused before it had pii, when that is sent again', async () => {
    const world = new World(settingOf(BY_EMAIL));
    await world.run(message([ada], { transformed: true }));
    expect(world.requests.map(readBody)).toEqual([event('a', { email: hmac('ada@example.com') })]);
  });

  it('without pii keeps a refused event without the mark', async () => {
    const world = new World({ reply: script(400) });
    await world.run([ada]);
    expect(world.rejected[0]).not.toHaveProperty('masked');
  });

  it('continues behind what was delivered, which it recognizes by what was sent', async () => {
    const transform = ({ email }: JsonObject) => [
      { n: 1, email: email ?? '' },
      { n: 2, email: email ?? '' },
    ];
    const world = new World(settingOf(BY_EMAIL, { transform, reply: (_, n) => answer(n === 2 ? 500 : 200) }));
    const first = await world.run([ada]);
    expect(first).toMatchObject({ kind: 'retry' });
    const progress = 'progress' in first ? first.progress : undefined;
    expect(progress).toEqual(at(0, { n: 1, email: hmac('ada@example.com'), messageId: 'a' }));
    await world.run(message([ada]), attempt(progress));
    expect(world.sent).toEqual([['a'], ['a:1'], ['a:1']]);
  });

  it('sends nothing while the secret cannot be read, and names it; nor while it is empty', async () => {
    const missing = { read: () => Promise.reject(new AccessFault('there is no secret "pii-key"')) };
    for (const [secrets, reason] of [
      [missing, 'no secret "pii-key"'],
      [secretsOf(''), 'the secret "pii-key", the key of the hashes of pii, is empty'],
    ] as const) {
      const world = new World({ deps: { readMask: maskReader(BY_EMAIL, secrets), masks: true } });
      const run = world.run([a, b]);
      await expect(run).rejects.toThrow(AccessFault);
      await expect(run).rejects.toThrow(reason);
      expect(world.requests).toEqual([]);
    }
  });

  it('that only drops needs no secret', async () => {
    const read = () => Promise.reject(new Error('nothing to read'));
    const world = new World({
      deps: { readMask: maskReader({ hash: [], drop: ['email'] }, { read }), masks: true },
    });
    await world.run([ada]);
    expect(world.requests.map(readBody)).toEqual([event('a')]);
  });
});
