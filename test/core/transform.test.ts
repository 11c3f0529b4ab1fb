import { describe, expect, it } from '@jest/globals';
import type { SluiceEvent } from '../../lambdas/core/event.ts';
import { applyTransform, TransformError, type Transform } from '../../lambdas/core/transform.ts';

const event: SluiceEvent = { messageId: 'm1', userId: 'u', properties: { price: 1 } };
const run = (transform: Transform) => applyTransform(transform, event);

describe('what a transform may return', () => {
  it('no transform leaves the event as it is', async () => {
    expect(await applyTransform(undefined, event)).toEqual([event]);
  });

  it('an event, at once or as a promise', async () => {
    expect(await run((e) => ({ ...e, a: 1 }))).toEqual([{ ...event, a: 1 }]);
    expect(await run((e) => Promise.resolve({ ...e, a: 1 }))).toEqual([{ ...event, a: 1 }]);
  });

  it('null, or an empty list, filters the event out', async () => {
    expect(await run(() => null)).toEqual([]);
    expect(await run(() => Promise.resolve(null))).toEqual([]);
    expect(await run(() => [])).toEqual([]);
  });

  it('an instance of a class of its own', async () => {
    class Purchase {
      price = 2;
    }
    expect(await run(() => new Purchase())).toEqual([{ price: 2, messageId: 'm1' }]);
  });

  it('what JSON drops is gone', async () => {
    const [made] = await run((e) => ({ ...e, no: undefined, call: () => 1, at: new Date(0) }));
    expect(made).toStrictEqual({ ...event, at: '1970-01-01T00:00:00.000Z' });
  });
});

describe('ids of what it made', () => {
  it('one event keeps the id of the one it was made of, unless it sets its own', async () => {
    expect(await run(() => ({ a: 1 }))).toEqual([{ a: 1, messageId: 'm1' }]);
    expect(await run(() => ({ messageId: 'own' }))).toEqual([{ messageId: 'own' }]);
  });

  it.each([[''], [7], [null]])('an id of %p is none', async (messageId) => {
    expect(await run(() => ({ messageId }))).toEqual([{ messageId: 'm1' }]);
  });

  it('later events of a list are numbered, copies of the event too', async () => {
    const made = await run((e) => [{ ...e }, { ...e }, { messageId: 'own' }, { a: 1 }]);
    expect(made.map(({ messageId }) => messageId)).toEqual(['m1', 'm1:1', 'own', 'm1:3']);
  });
});

describe('what is a crash', () => {
  it('a throw and a rejection come out as they are', async () => {
    const failure = new RangeError('the user');
    await expect(
      run(() => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    await expect(run(() => Promise.reject(failure))).rejects.toBe(failure);
  });

  const sparse: unknown[] = [{ a: 1 }];
  sparse[2] = { a: 3 };
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;

  it.each<[string, () => unknown, string]>([
    [
      'undefined',
      () => undefined,
      'TransformError: transform returned undefined for event m1; return an event',
    ],
    ['a text', () => 'event', 'returned string'],
    ['a number', () => 7, 'returned number'],
    ['false', () => false, 'returned boolean'],
    ['a function', () => () => 1, 'returned function'],
    ['null in a list', () => [null], 'returned null'],
    ['a list in a list', () => [[event]], 'returned a list'],
    ['a hole in a list', () => sparse, 'returned undefined'],
    ['a list of promises', () => [Promise.resolve(event)], 'returned a Promise'],
    ['a Map', () => new Map([['a', 1]]), 'returned a Map'],
    ['an Error', () => new Error('returned, not thrown'), 'returned a Error'],
    ['a Date', () => new Date(), 'returned a Date'],
    ['a circle', () => loop, 'returned what JSON cannot hold for event m1: TypeError: Converting circular'],
    ['a bigint within', () => ({ n: 1n }), 'returned what JSON cannot hold for event m1'],
    ['an object that JSON reads as a text', () => ({ toJSON: () => 'text' }), 'JSON cannot hold'],
    ['an object that JSON leaves out', () => ({ toJSON: () => undefined }), 'JSON cannot hold'],
  ])('%s', async (_, transform, message) => {
    const crash = await run(transform).catch((error: unknown) => error);
    expect(crash).toBeInstanceOf(TransformError);
    expect(String(crash)).toContain(message);
  });

  it('that JSON threw has what it threw as its cause', async () => {
    await expect(run(() => loop)).rejects.toHaveProperty('cause', expect.any(TypeError));
  });
});

it('works on a copy: what it does to its argument harms nobody', async () => {
  const original = structuredClone(event);
  await run((e) => {
    (e['properties'] as Record<string, unknown>)['price'] = 99;
    return null;
  });
  expect(event).toEqual(original);
});
