/** A dependency that replaces globals: outputs still arrive, failures are still reported, and the thread still answers. */
import { describe, expect, it } from '@jest/globals';
import { event, sandboxed } from '../support/sandbox.ts';

/** Statements that run while the module loads. */
const VANDALS: Readonly<Record<string, string>> = {
  'JSON.stringify that leaves out lists of objects': `const real = JSON.stringify;
    JSON.stringify = (value, ...rest) =>
      real(value, (key, x) => (Array.isArray(x) && x.length > 0 && typeof x[0] === 'object' ? undefined : x), rest[1]);`,
  'JSON.stringify and parse that throw': `JSON.stringify = JSON.parse = () => { throw new Error('JSON'); };`,
  'another Promise': `globalThis.Promise = class { constructor() { throw new Error('Promise'); } };`,
  'Promise.prototype.then': `Promise.prototype.then = () => { throw new Error('then'); };`,
  'Promise.prototype.then that never calls back': `Promise.prototype.then = function () { return this; };`,
  'Map, Set and WeakMap': `for (const one of [Map, Set, WeakMap]) for (const name of Object.getOwnPropertyNames(one.prototype))
      if (typeof Object.getOwnPropertyDescriptor(one.prototype, name).value === 'function') one.prototype[name] = () => { throw new Error(name); };`,
  'methods of arrays': `for (const name of ['map', 'push', 'shift', 'forEach', 'join', 'filter', 'slice', 'splice', 'concat'])
      Array.prototype[name] = () => { throw new Error(name); };`,
  // Not `pop`, on which Node's own async hooks rely.
  'the iterator of arrays': `Array.prototype[Symbol.iterator] = function () { throw new Error('iterator'); };`,
  'methods of strings': `for (const name of ['slice', 'split', 'replace', 'indexOf', 'startsWith', 'trim'])
      String.prototype[name] = () => { throw new Error(name); };`,
  'call, apply and bind': `Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => { throw new Error('call'); };`,
  'Object and Reflect': `for (const one of [Object, Reflect]) for (const name of ['keys', 'entries', 'assign', 'defineProperty', 'freeze', 'apply', 'get'])
      one[name] = () => { throw new Error(name); };`,
  'Object.prototype.toString': `Object.prototype.toString = () => '[object Nonsense]';`,
  'process.nextTick': `process.nextTick = () => {};`,
  timers: `globalThis.setTimeout = globalThis.setImmediate = globalThis.queueMicrotask = globalThis.setInterval = () => {};`,
  structuredClone: `globalThis.structuredClone = () => { throw new Error('structuredClone'); };`,
  'Error.prepareStackTrace': `Error.prepareStackTrace = () => { throw new Error('prepareStackTrace'); };`,
  'Error.captureStackTrace and the stack limit': `Error.captureStackTrace = () => { throw new Error('capture'); }; Error.stackTraceLimit = 0;`,
  'another Error': `globalThis.Error = class { constructor() { throw new TypeError('Error'); } };`,
  instanceof: `Object.defineProperty(Error, Symbol.hasInstance, { value: () => { throw new TypeError('hasInstance'); } });`,
  'hrtime and Date': `process.hrtime.bigint = () => 0n; Date.now = () => 0; performance.now = () => 0;`,
  'Atomics and Int32Array': `Atomics.store = Atomics.add = () => 0; globalThis.Int32Array = class {};`,
  'message ports': `const { MessagePort } = await import('node:worker_threads'); MessagePort.prototype.postMessage = () => {};`,
  parentPort: `const { parentPort, workerData } = await import('node:worker_threads'); parentPort.close();
      if (workerData !== null) throw new Error('it finds our data');`,
  AsyncLocalStorage: `const { AsyncLocalStorage } = await import('node:async_hooks');
      AsyncLocalStorage.prototype.run = AsyncLocalStorage.prototype.getStore = () => { throw new Error('als'); };`,
  'process.emit and its listeners': `process.emit = () => { throw new Error('emit'); };`,
  'the listeners of process': `process.removeAllListeners();`,
  'streams and console': `process.stdout.write = process.stderr.write = console.log = () => { throw new Error('write'); };`,
  'util.inspect': `const util = (await import('node:util')).default; util.inspect = () => { throw new Error('inspect'); };`,
  environment: `process.env = {}; delete globalThis.process;`,
};

const module = (vandal: string): string => `
  ${vandal}
  export default async (event) => {
    if (event.fails) { const made = null; return made.nothing; }
    await undefined;
    return [{ ...event, list: [{ a: 1 }] }, { ...event, list: [] }];
  };
`;

describe('with a dependency that replaces', () => {
  it.each(Object.entries(VANDALS))('%s', async (_, vandal) => {
    const { run, sandbox } = sandboxed(module(vandal));
    expect(await sandbox.check()).toBeUndefined();
    const [good, bad] = await Promise.all([
      run([event('a'), event('b')]),
      run([event('c'), event('d', { fails: true }), event('e')]),
    ]);
    const made = (id: string) => [
      { messageId: id, list: [{ a: 1 }] },
      { messageId: `${id}:1`, list: [] },
    ];
    expect(good).toEqual({ made: [made('a'), made('b')] });
    expect(bad.made).toEqual([made('c')]);
    expect(bad.ended).toMatchObject({
      kind: 'crash',
      crash: { kind: 'throw', error: expect.stringContaining('nothing') as unknown, eventId: 'd' },
    });
  });

  it.each(Object.entries(VANDALS))(
    '%s, an event that loops or ends the thread is identified',
    async (_, vandal) => {
      const source = `${vandal}
      export default (event) => { if (event.how === 'loop') for (;;); if (event.how === 'exit') globalThis.process?.exit(1); return event; };`;
      const { run } = sandboxed(source, { timeout: 250 });
      const [good, loop] = await Promise.all([run([event('a')]), run([event('b', { how: 'loop' })])]);
      expect(good.ended).toBeUndefined();
      expect(loop.ended).toMatchObject({ kind: 'crash', crash: { kind: 'timeout', eventId: 'b' } });
    },
  );
});
