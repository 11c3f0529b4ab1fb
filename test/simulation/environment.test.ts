import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import { LastWordsFile, type StageLastWords } from '../../lambdas/stage/last-words-file.ts';
import { Environments, type Environment } from './environment.ts';
import { Invocation } from './invocation.ts';
import { Schedule } from './schedule.ts';
import { MemoryLastWords, WordsFile } from './words.ts';

let schedule: Schedule;
let done: string[];
let owed: string[];
beforeEach(() => {
  schedule = new Schedule(0);
  done = [];
  owed = [];
});

const environments = (retired: number) => new Environments({ schedule, random: () => 0, retired });

/** Runs one invocation at a time. @param work gets the gate through which calls of 10 milliseconds go */
const invoke = (
  at: number,
  take: () => Environment,
  work: (call: (name: string) => Promise<unknown>, invocation: Invocation) => Promise<void>,
): void => {
  schedule.after(at, () => {
    const environment = take();
    const invocation: Invocation = new Invocation('f', 1_000, {
      schedule,
      host: environment.host(),
      mishap: () => 'none',
      latency: () => 10,
      landsLate: () => undefined,
      owed: (name) => void owed.push(name),
      trace: () => undefined,
    });
    const call = (name: string): Promise<unknown> =>
      invocation.gate(name, [], () => {
        done.push(`${name} at ${String(schedule.now)}`);
        return Promise.resolve();
      });
    const over = (): void => environment.over(invocation);
    invocation.start(() => work(call, invocation), over, over);
  });
};

const run = () => schedule.run(() => false, 10_000);

const answersEarly = async (call: (name: string) => Promise<unknown>): Promise<void> => {
  void call('first').then(() => call('second'));
  await Promise.resolve();
};
const waits = async (call: (name: string) => Promise<unknown>): Promise<void> => {
  await call('waited for');
};

describe('a call that is pending when an invocation has answered', () => {
  it('stays pending, and continues in the middle of the next invocation of the environment', async () => {
    const pool = environments(0);
    const take = () => pool.take('f', '1');
    invoke(0, take, answersEarly);
    invoke(500, take, waits);
    invoke(700, take, waits);
    await run();
    expect(owed).toEqual(['first', 'second']);
    expect(done).toEqual(['first at 500', 'waited for at 510', 'second at 700', 'waited for at 710']);
  });

  it('never completes when the environment is gone', async () => {
    const pool = environments(1);
    invoke(0, () => pool.take('f', '1'), answersEarly);
    invoke(500, () => pool.take('f', '1'), waits);
    await run();
    expect(done).toEqual(['waited for at 510']);
  });

  it('never completes when other code was deployed', async () => {
    const pool = environments(0);
    invoke(0, () => pool.take('f', '1'), answersEarly);
    invoke(500, () => pool.take('f', '2'), waits);
    await run();
    expect(done).toEqual(['waited for at 510']);
  });
});

describe('a process that dies', () => {
  it('takes its frozen work with it, and leaves its files to the next process', async () => {
    const pool = environments(0);
    const taken: unknown[] = [];
    const take = (): Environment => pool.take('f', '1');
    invoke(0, take, answersEarly);
    invoke(5, take, (_, invocation) => {
      invocation.host.words.received([message('m1')], 99);
      invocation.die('killed');
      return new Promise(() => undefined);
    });
    invoke(500, take, async (call, { host }) => {
      taken.push(host.words.take()?.held.map(({ id }) => id));
      await call('waited for');
    });
    await run();
    expect(taken).toEqual([['m1']]);
    expect(done).toEqual(['waited for at 510']);
  });
});

const message = (id: string): IncomingMessage => ({
  id,
  receiptHandle: `receipt of ${id}`,
  body: '{}',
  groupId: 'g',
  sequenceNumber: '1',
  receiveCount: 1,
  sentAt: 0,
});

describe('last words in memory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'sluice-words-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const ids = ['m1', 'm2', 'm3'] as const;
  const queue = {
    receive: () => Promise.resolve([]),
    setVisibility: () => Promise.resolve(),
    delete: () => Promise.resolve(),
  };
  const id = fc.constantFrom(...ids);
  const step = fc.oneof(
    fc.record({ do: fc.constant('received' as const), of: fc.subarray([...ids]) }),
    fc.record({ do: fc.constant('begun' as const), id, isCharged: fc.boolean() }),
    fc.record({ do: fc.constantFrom('ended' as const, 'delete' as const, 'hide' as const), id }),
    fc.record({ do: fc.constant('clear' as const) }),
    fc.record({ do: fc.constant('abandoned' as const) }),
    fc.record({ do: fc.constant('next process' as const) }),
  );

  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

  /** @returns the last words that each process finds when it starts */
  const tellAll = (steps: readonly Step[], start: () => StageLastWords): readonly unknown[] => {
    const found: unknown[] = [];
    const begin = (): StageLastWords => {
      const words = start();
      found.push(words.take());
      return words;
    };
    let words = begin();
    for (const one of steps) {
      if (one.do === 'received') words.received(one.of.map(message), 99);
      else if (one.do === 'begun') words.begun(message(one.id), 'stamp', one.isCharged);
      else if (one.do === 'ended') words.ended(message(one.id));
      else if (one.do === 'delete') void words.watching(queue).delete(message(one.id));
      else if (one.do === 'hide') void words.watching(queue).setVisibility([message(one.id)], 1);
      else if (one.do === 'clear') words.clear();
      else if (one.do === 'abandoned') words.abandoned();
      else words = begin();
    }
    begin();
    return found;
  };

  it('are the same as in the file', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const file = new WordsFile();
        const inMemory = tellAll(steps, () => new MemoryLastWords(file, 'v1'));
        const inFile = tellAll(
          steps,
          () => new LastWordsFile({ codeVersion: 'v1', warn: () => undefined, directory }),
        );
        expect(inMemory).toEqual(inFile);
      }),
    );
  });
});
