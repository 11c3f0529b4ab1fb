// The transform of `user-code.test.ts`: the event's `how` selects what it does. One of its dependencies has patched common globals.
import fs from 'node:fs';

const stringify = JSON.stringify;
const { setTimeout: later, Promise: RealPromise } = globalThis;

JSON.stringify = (value, ...rest) =>
  stringify(
    value,
    (key, x) => (Array.isArray(x) && x.length > 0 && typeof x[0] === 'object' ? undefined : x),
    rest[1],
  );
globalThis.structuredClone = () => {
  throw new Error('structuredClone');
};
Map.prototype.get = () => {
  throw new Error('Map');
};
Array.prototype.map = Array.prototype.push = () => {
  throw new Error('Array');
};
process.nextTick = () => undefined;
globalThis.Promise = function () {
  throw new Error('Promise');
};

const throws = {
  circular: () => {
    const a = new Error('a');
    a.cause = new Error('b', { cause: a });
    return a;
  },
  deep: () => {
    let error = new Error('bottom');
    for (let i = 0; i < 20_000; i += 1) error = new Error('level', { cause: error });
    return error;
  },
  numberStack: () => Object.assign(new Error('x'), { stack: 7 }),
  throwingMessage: () =>
    Object.defineProperty(new Error(), 'message', {
      get() {
        throw new Error('no message for you');
      },
    }),
  symbolName: () => Object.assign(new Error('x'), { name: Symbol('n') }),
  nullPrototype: () => Object.create(null),
  nullPrototypeCause: () => new Error('x', { cause: Object.create(null) }),
  hostileProxy: () =>
    new Proxy(
      {},
      {
        get() {
          throw new Error('get');
        },
        getPrototypeOf() {
          throw new Error('proto');
        },
      },
    ),
  throwingTag: () => ({
    get [Symbol.toStringTag]() {
      throw new Error('tag');
    },
  }),
};

const started = new Set();

const ways = {
  exit: () => process.exit(3),
  loop: () => {
    for (;;);
  },
  memory: () => {
    const kept = [];
    for (let i = 0; ; i += 1) kept[i] = new Array(1e6).fill(i);
  },
  late: (event) => {
    later(() => {
      throw new Error('late failure of a side effect');
    }, 300);
    return event;
  },
  outputs: (event) => {
    const first = !started.has(event.userId);
    started.add(event.userId);
    const purchase = { ...event, event: 'Purchase' };
    return first ? [{ ...event, event: 'Session Started' }, purchase] : purchase;
  },
  grows: (event) => ({ ...event, pad: 'x'.repeat(300_000) }),
  slow: (event) => new RealPromise((done) => later(done, 30)).then(() => event),
  log: (event) => {
    console.log(stringify(event));
    fs.writeSync(1, `${stringify(event)}\n`);
    return event;
  },
};

export default (event) => {
  const { how, what } = event.properties ?? {};
  if (how === 'throw') throw throws[what]();
  return how === undefined ? event : ways[how](event);
};
