/** `https://api.example.com/users/{userId}/events`: what an event makes of it, and events that lack what it needs. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExactNumber } from '../../../lambdas/core/base/exact-json.ts';
import { fillUrl } from '../../../lambdas/deliver/destinations/webhook/url-template.ts';
import { answer, at, event, readBody, script, World } from './world.ts';

const URL_OF_USERS = 'https://api.example/users/{userId}/events';
const fill = (template: string, more: object) => fillUrl(template, { messageId: 'm', ...more });

describe('a value', () => {
  it.each([
    ['a text', { userId: 'ada' }, 'ada'],
    ['what a URL has a meaning for', { userId: 'a/b?c=d&e#f %2e' }, 'a%2Fb%3Fc%3Dd%26e%23f%20%252e'],
    ['other scripts', { userId: 'ä€😀' }, '%C3%A4%E2%82%AC%F0%9F%98%80'],
    ['a number', { userId: 42 }, '42'],
    ['a number as it was sent', { userId: new ExactNumber('9007199254740993') }, '9007199254740993'],
    ['a boolean', { userId: false }, 'false'],
    ['dots that are not all', { userId: '...' }, '...'],
  ])('may be %s', (_, more, text) => {
    expect(fill(URL_OF_USERS, more)).toEqual({
      kind: 'url',
      url: `https://api.example/users/${text}/events`,
    });
  });

  it('may be anywhere in the event, several times, and in the query', () => {
    const template = 'https://api.example/{context.app.name}/{userId}/x-{userId}?of={traits.plan}&fixed=1';
    expect(
      fill(template, { userId: 'u', context: { app: { name: 'shop' } }, traits: { plan: 'a&b' } }),
    ).toEqual({
      kind: 'url',
      url: 'https://api.example/shop/u/x-u?of=a%26b&fixed=1',
    });
  });

  it.each<[string, object, string]>([
    ['is absent', {}, 'the event has no "userId", which url needs; send it, or add it in a transform'],
    ['is null', { userId: null }, 'the event has no "userId"'],
    ['is empty', { userId: '' }, 'the event has no "userId"'],
    [
      'is an object',
      { userId: { id: 1 } },
      '"userId" of the event is neither a text nor a number, which url needs',
    ],
    ['is a list', { userId: ['u'] }, '"userId" of the event is neither a text nor a number'],
    [
      'leads to another path',
      { userId: '..' },
      '"userId" of the event is "..", which would lead to another path of url',
    ],
    ['is the path itself', { userId: '.' }, '"userId" of the event is "."'],
    ['is half a character', { userId: 'a\ud800' }, '"userId" of the event is not a text that a URL can hold'],
  ])('that %s', (_, more, reason) => {
    const filled = fill(URL_OF_USERS, more);
    expect(filled).toMatchObject({ kind: 'rejected', reason: expect.stringContaining(reason) as unknown });
  });

  it('is of the event itself, and not what every object has', () => {
    for (const path of ['constructor', 'toString.name', '__proto__.x', 'userId.length'])
      expect(fill(`https://api.example/{${path}}`, { userId: 'u' })).toMatchObject({ kind: 'rejected' });
  });

  it('never leads out of its place', () => {
    const property = fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string(), (one, two) => {
      const filled = fill('https://api.example/a/{one}/{one}{two}/z?q={two}', { one, two });
      if (filled.kind === 'rejected') return;
      const { host, pathname, hash, searchParams } = new URL(filled.url);
      expect(host).toBe('api.example');
      expect(pathname.split('/')).toHaveLength(5);
      expect(pathname.startsWith('/a/') && pathname.endsWith('/z')).toBe(true);
      expect([hash, searchParams.get('q')]).toEqual(['', two]);
    });
    fc.assert(property);
    expect(fill('https://api.example/{a}{b}/x', { a: '.', b: '.' })).toMatchObject({ kind: 'rejected' });
  });
});

describe('an event without the value', () => {
  const setting = { destination: { url: URL_OF_USERS } };
  const without = { messageId: 'w' };

  it('is rejected with the reason, and those around it are delivered', async () => {
    const world = new World(setting);
    const outcome = await world.run([event('a'), without, event('b')]);
    expect(outcome).toEqual({ kind: 'done', shown: { delivered: 2, filtered: 1, rejected: 0 } });
    expect(world.settled).toEqual(['+a', '-w', '+b']);
    expect(world.rejected[0]?.reason).toBe(
      'the event has no "userId", which url needs; send it, or add it in a transform',
    );
    expect(world.rejected[0]).not.toHaveProperty('answer');
    expect(world.counted).toEqual({ EventsDelivered: 2, EventsRejected: 1 });
  });

  it('says as much of the destination as one that a filter leaves out: nothing, in a trial too', async () => {
    for (const isTrial of [false, true]) {
      const world = new World(setting);
      world.isTrial = isTrial;
      expect(await world.run([without])).toEqual({
        kind: 'done',
        shown: { delivered: 0, filtered: 1, rejected: 0 },
      });
      expect([world.rejected.length, world.requests]).toEqual([1, []]);
      expect(world.counted).toEqual({ EventsRejected: 1 });
    }
  });

  it('is not recorded twice when a later one fails', async () => {
    const world = new World({ ...setting, reply: script(500) });
    expect(await world.run([without, event('a')])).toMatchObject({ kind: 'retry', progress: at(1) });
    expect(world.counted).toEqual({ EventsRejected: 1 });
  });
});

describe('a batch', () => {
  it('has events of one URL, and the next one begins where another URL does', async () => {
    const world = new World({ destination: { url: URL_OF_USERS, batch: 10 } });
    const of = (userId: string, ...ids: string[]) => ids.map((id) => event(id, { userId }));
    await world.run([...of('u', 'a', 'b'), ...of('v', 'c'), ...of('u', 'd', 'e')]);
    expect(world.requests.map(({ url }) => /users\/(.)/.exec(url)?.[1])).toEqual(['u', 'v', 'u']);
    expect(world.sent).toEqual([['a', 'b'], ['c'], ['d', 'e']]);
  });

  it('is as large as before where the URL is fixed', async () => {
    const world = new World({ destination: { batch: 2 } });
    await world.run(['a', 'b', 'c', 'd', 'e'].map((id) => event(id)));
    expect(world.sent).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('of events without a value rejects each with its own reason', async () => {
    const world = new World({ destination: { url: URL_OF_USERS, batch: 10 } });
    await world.run([{ messageId: 'x' }, { messageId: 'y', userId: '..' }, event('a')]);
    expect(world.rejected.map(({ reason }) => reason.slice(0, 24))).toEqual([
      'the event has no "userId',
      '"userId" of the event is',
    ]);
    expect(world.sent).toEqual([['a']]);
  });
});

describe('a method', () => {
  it.each(['PUT', 'PATCH', 'POST'] as const)('%s is that of the request', async (method) => {
    const world = new World({ destination: { method }, reply: () => answer(204) });
    await world.run([event('a')]);
    expect(world.requests[0]?.method ?? 'POST').toBe(method);
    expect(readBody(world.requests[0] ?? { url: '', headers: {}, body: '' })).toMatchObject({
      messageId: 'a',
    });
  });
});
