/** Any thrown value becomes a readable record of its event. */
import { describe, expect, it } from '@jest/globals';
import { event, sandboxed } from '../support/sandbox.ts';

const THROWS: Readonly<Record<string, readonly [thrown: string, error: string | RegExp]>> = {
  'an error': [`new TypeError('no name')`, 'TypeError: no name'],
  'a text': [`'just text'`, `threw 'just text'`],
  nothing: [`undefined`, 'threw undefined'],
  null: [`null`, 'threw null'],
  'a symbol': [`Symbol('s')`, 'threw Symbol(s)'],
  'a big number': [`10n`, 'threw 10n'],
  'an object': [`{ a: { b: { c: 1 } } }`, 'threw { a: { b: [Object] } }'],
  'a function': [`function named() {}`, 'threw [Function: named]'],
  'circular causes': [
    `(() => { const a = new Error('a'); const b = new Error('b', { cause: a }); a.cause = b; return a; })()`,
    'Error: a',
  ],
  '20,000 causes': [
    `(() => { let e = new Error('bottom'); for (let i = 0; i < 20_000; i += 1) e = new Error('level', { cause: e }); return e; })()`,
    'Error: level',
  ],
  'a stack that is a number': [`Object.assign(new Error('x'), { stack: 7 })`, 'Error: x'],
  'a message that throws': [
    `Object.defineProperty(new Error(), 'message', { get() { throw new Error('no message for you'); } })`,
    'Error: its message cannot be read',
  ],
  'a message that is an object': [
    `Object.assign(new Error(), { message: { a: 1 } })`,
    'Error: its message cannot be read',
  ],
  'a stack that throws': [
    `Object.defineProperty(new Error('x'), 'stack', { get() { throw new Error('no stack'); } })`,
    'Error: x',
  ],
  'a cause that throws': [
    `Object.defineProperty(new Error('x'), 'cause', { get() { throw new Error('no cause'); } })`,
    'Error: x',
  ],
  'a name that is a symbol': [`Object.assign(new Error('x'), { name: Symbol('n') })`, 'Error: x'],
  'no prototype': [`Object.create(null)`, 'threw [Object: null prototype] {}'],
  'a cause without a prototype': [`new Error('x', { cause: Object.create(null) })`, 'Error: x'],
  'a hostile proxy': [
    `new Proxy({}, { get() { throw new Error('get'); }, getPrototypeOf() { throw new Error('proto'); }, ownKeys() { throw 1; } })`,
    /^threw /,
  ],
  'a proxy of an error': [`new Proxy(new Error('inside'), { get() { throw new Error('get'); } })`, /^threw /],
  'a revoked proxy': [
    `(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()`,
    /^threw /,
  ],
  'a tag that throws': [`({ get [Symbol.toStringTag]() { throw new Error('tag'); } })`, /^threw /],
  'an inspect that throws': [
    `({ [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('inspect'); }, a: 1 })`,
    /^threw /,
  ],
  'a promise': [`Promise.resolve(1)`, /^threw Promise/],
  'a huge message': [`new Error('x'.repeat(20_000_000))`, /^Error: x{900}/],
  'a huge text': [`'x'.repeat(20_000_000)`, /^threw 'x{900}/],
  'an aggregate': [`new AggregateError([new Error('a')], 'several')`, 'AggregateError: several'],
  'an error of a user-defined class': [
    `new (class Declined extends Error { name = 'Declined'; })('card')`,
    'Declined: card',
  ],
  'a DOMException': [`new DOMException('aborted', 'AbortError')`, /AbortError|DOMException/],
};

const source = `
  const throws = { ${Object.entries(THROWS)
    .map(([name, [thrown]]) => `${JSON.stringify(name)}: () => (${thrown})`)
    .join(',\n')} };
  export default (event) => {
    if (event.rejects !== undefined) return Promise.reject(throws[event.rejects]());
    if (event.late !== undefined) { setTimeout(() => { throw throws[event.late](); }, 1); return event; }
    if (event.throws !== undefined) throw throws[event.throws]();
    return event;
  };
`;

describe('a transform that throws', () => {
  const { run, late } = sandboxed(source);
  it.each(Object.entries(THROWS))('%s', async (name, [, error]) => {
    for (const how of ['throws', 'rejects']) {
      const [bad, good] = await Promise.all([run([event('bad', { [how]: name })]), run([event('good')])]);
      expect(good).toEqual({ made: [[event('good')]] });
      expect(bad.made).toEqual([]);
      if (bad.ended?.kind !== 'crash') throw new Error(`it ended as ${JSON.stringify(bad.ended)}`);
      const { kind, eventId, stack = '', error: said } = bad.ended.crash;
      expect({ kind, eventId }).toEqual({ kind: 'throw', eventId: 'bad' });
      if (typeof error === 'string') expect(said).toBe(error);
      else expect(said).toMatch(error);
      expect(said.length).toBeLessThanOrEqual(1_010);
      expect(stack.length).toBeLessThanOrEqual(8_000);
    }
    const before = late.length;
    await run([event('bad', { late: name })]);
    // The failure's timer is due no later than the next event's answer.
    while (late.length === before) await run([event('good')]);
    expect(late.at(-1)).toMatchObject({ eventId: 'bad' });
  });

  it('is reported with its location and its causes', async () => {
    const { run: other } = sandboxed(`export default () => {
      throw new Error('outer', { cause: new TypeError('inner') });
    };`);
    const { ended } = await other([event('bad')]);
    if (ended?.kind !== 'crash') throw new Error('no crash');
    expect(ended.crash.stack).toMatch(
      /^Error: outer\n {4}at .*transform-\d+\.mjs:2:13[^]*\ncaused by TypeError: inner\n/,
    );
  });
});
