import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runBatch, type RunnerDeps, type RunnerEvent } from '../../lambdas/core/batch-runner.ts';
import type { Outcome, Process } from '../../lambdas/core/outcome.ts';
import { InfraFault, type IncomingMessage } from '../../lambdas/core/ports.ts';
import { FakeQueue, FakeState, message } from '../support/fakes.ts';

let state: FakeState;
let queue: FakeQueue;
let seen: string[];
let events: RunnerEvent[];

beforeEach(() => {
  state = new FakeState();
  queue = new FakeQueue();
  seen = [];
  events = [];
});

/** Outcomes by message id; what is not listed is done. A function may throw. */
type Script = Readonly<Record<string, Outcome | (() => Outcome)>>;

const deps = (script: Script = {}, overrides: Partial<RunnerDeps> = {}): RunnerDeps => ({
  stage: 'crm',
  state,
  queue,
  process: async ({ id }) => {
    seen.push(id);
    await Promise.resolve();
    const outcome = script[id] ?? { kind: 'done' };
    return typeof outcome === 'function' ? outcome() : outcome;
  },
  clock: () => 1_000_000,
  random: () => 0,
  backoff: { minBackoff: 1_000, maxBackoff: 300_000 },
  timeLeft: () => 60_000,
  worstCase: 10_000,
  observe: (event) => events.push(event),
  ...overrides,
});

const crash = (): never => {
  throw new TypeError('cannot read properties of undefined');
};

describe('order within a group', () => {
  it('does not begin later messages of a group after one that is not done', async () => {
    const batch = [message('a1', 'a'), message('a2', 'a'), message('a3', 'a'), message('b1', 'b')];
    const failed = await runBatch(batch, deps({ a2: { kind: 'retry', reason: '500' } }));
    expect(failed).toEqual(['a2', 'a3']);
    expect(seen.sort()).toEqual(['a1', 'a2', 'b1']);
  });

  it('deletes a done message before the next of its group begins, and leaves the last to the batch response', async () => {
    const order: string[] = [];
    const process: Process = async ({ id }) => {
      order.push(`begin ${id}, deleted ${queue.deleted.join()}`);
      await Promise.resolve();
      return { kind: 'done' };
    };
    expect(await runBatch([message('a1', 'a'), message('a2', 'a')], deps({}, { process }))).toEqual([]);
    expect(order).toEqual(['begin a1, deleted ', 'begin a2, deleted a1']);
    expect(queue.deleted).toEqual(['a1']);
  });

  it('deletes a redelivered message at once', async () => {
    await runBatch([message('a1', 'a', { receiveCount: 2 })], deps());
    expect(queue.deleted).toEqual(['a1']);
  });

  it('stops the group when a delete fails; the done message is left to the batch response', async () => {
    queue.brokenDelete = true;
    expect(await runBatch([message('a1', 'a'), message('a2', 'a')], deps())).toEqual(['a2']);
    expect(seen).toEqual(['a1']);
    expect(queue.visibility.get('a2')).toBe(0);
    expect(events).toMatchObject([{ type: 'setback', step: 'delete' }]);
  });
});

describe('groups beside each other', () => {
  it('run concurrently at their first delivery', async () => {
    // Each waits for the other: run one after another they would hang.
    let release = (): void => undefined;
    const gate = new Promise<void>((done) => (release = done));
    const process: Process = async ({ id }) => {
      if (id === 'b1') release();
      await gate;
      return { kind: 'done' };
    };
    expect(await runBatch([message('a1', 'a'), message('b1', 'b')], deps({}, { process }))).toEqual([]);
  });

  it('run one after another when one is redelivered, those without a redelivery first', async () => {
    let running = 0;
    const process: Process = async ({ id }) => {
      running += 1;
      expect(running).toBe(1);
      seen.push(id);
      await Promise.resolve();
      running -= 1;
      return { kind: 'done' };
    };
    const batch = [message('a1', 'a', { receiveCount: 3 }), message('b1', 'b'), message('c1', 'c')];
    await runBatch(batch, deps({}, { process }));
    expect(seen).toEqual(['b1', 'c1', 'a1']);
  });

  it('a crash in one leaves the others alone', async () => {
    const failed = await runBatch([message('a1', 'a'), message('b1', 'b')], deps({ a1: crash }));
    expect(failed).toEqual(['a1']);
    expect(events).toMatchObject([{ type: 'crash', message: { id: 'a1' } }]);
    expect(state.attempts.get('a1')?.lastError).toContain('cannot read properties');
  });
});

describe('a refused batch', () => {
  const batch = [message('a1', 'a', { receiveCount: 3 }), message('b1', 'b')];

  it.each([
    ['degraded', { mode: 'degraded', held: false }],
    ['held', { mode: 'normal', held: true }],
  ] as const)('begins nothing while the stage or the system is %s', async (_, mode) => {
    state.modes = [{ mode: 'normal', held: false }, mode];
    expect(await runBatch(batch, deps())).toEqual(['a1', 'b1']);
    expect(seen).toEqual([]);
    // The longest receive count decides for all: 60 s times 3.
    expect([...queue.visibility.values()]).toEqual([180, 180]);
    expect(state.attempts.size).toBe(0);
  });

  it('begins nothing when the state cannot be read', async () => {
    state.broken = true;
    expect(await runBatch(batch, deps())).toEqual(['a1', 'b1']);
    expect(seen).toEqual([]);
    expect(events).toMatchObject([{ type: 'refused', reason: 'state unreadable' }]);
  });

  it('is failed even when SQS does not take the delay', async () => {
    state.broken = true;
    queue.brokenVisibility = true;
    expect(await runBatch(batch, deps())).toEqual(['a1', 'b1']);
  });

  it('goes on while the stage is recovering', async () => {
    state.modes = [{ mode: 'recovering', held: false }];
    expect(await runBatch(batch, deps())).toEqual([]);
  });

  it('an error of our own in reading the state is not taken for an outage', async () => {
    state.read = () => Promise.reject(new TypeError('a bug'));
    await expect(runBatch(batch, deps())).rejects.toThrow('a bug');
  });
});

describe('time left', () => {
  it('does not begin a message that may not end; it comes back at once, without a failure', async () => {
    let left = 15_000;
    const process: Process = async ({ id }) => {
      seen.push(id);
      left -= 10_000;
      await Promise.resolve();
      return { kind: 'done' };
    };
    const batch = [message('a1', 'a'), message('a2', 'a')];
    expect(await runBatch(batch, deps({}, { process, timeLeft: () => left }))).toEqual(['a2']);
    expect(seen).toEqual(['a1']);
    expect(queue.visibility.get('a2')).toBe(0);
    expect(state.attempts.size).toBe(0);
  });

  it('keeps the progress of a message that stopped in the middle', async () => {
    const progress = { events: 3, outputs: 0, codeVersion: 'v1' };
    await runBatch([message('a1', 'a')], deps({ a1: { kind: 'stopped', progress } }));
    expect(state.attempts.get('a1')).toEqual({ failures: 0, progress });
  });
});

describe('retries', () => {
  it('back off exponentially, followers with the head', async () => {
    state.attempts.set('a1', { failures: 3, firstFailedAt: 5, lastError: '500' });
    const batch = [message('a1', 'a', { receiveCount: 4 }), message('a2', 'a')];
    await runBatch(batch, deps({ a1: { kind: 'retry', reason: '503' } }));
    // The fourth failure: 1 s * 2^3, of which jitter may take half.
    expect(queue.visibility).toEqual(
      new Map([
        ['a1', 4],
        ['a2', 4],
      ]),
    );
    expect(state.attempts.get('a1')).toEqual({ failures: 4, firstFailedAt: 5, lastError: '503' });
  });

  it('honour Retry-After up to the longest backoff', async () => {
    const retry = (retryAfter: number): Outcome => ({ kind: 'retry', reason: '429', retryAfter });
    await runBatch(
      [message('a1', 'a'), message('b1', 'b')],
      deps({ a1: retry(30_000), b1: retry(9_000_000) }),
    );
    expect(queue.visibility).toEqual(
      new Map([
        ['a1', 30],
        ['b1', 300],
      ]),
    );
  });

  it('a fault of AWS is not counted as the message’s failure', async () => {
    const fault = (): never => {
      throw new InfraFault('SendMessageBatch failed');
    };
    await runBatch([message('a1', 'a')], deps({ a1: fault }));
    expect(state.attempts.size).toBe(0);
    expect(queue.visibility.get('a1')).toBe(1);
    expect(events).toMatchObject([{ type: 'fault', reason: 'SendMessageBatch failed' }]);
  });

  it('a ledger that cannot be written does not lose the message', async () => {
    const process: Process = async () => {
      state.broken = true;
      await Promise.resolve();
      return { kind: 'retry', reason: '500' };
    };
    expect(await runBatch([message('a1', 'a')], deps({}, { process }))).toEqual(['a1']);
    expect(events.at(-1)).toMatchObject({ type: 'setback', step: 'ledger' });
  });

  it('asks for the attempts of redelivered messages only', async () => {
    await runBatch([message('a1', 'a'), message('b1', 'b', { receiveCount: 2 })], deps());
    expect(state.asked).toEqual([['b1']]);
  });
});

describe('whatever the outcomes', () => {
  const outcome = fc.constantFrom<Outcome | 'crash' | 'infra'>(
    { kind: 'done' },
    { kind: 'stopped' },
    { kind: 'retry', reason: 'x' },
    { kind: 'fault', reason: 'x' },
    'crash',
    'infra',
  );
  const batches = fc.array(
    fc.record({
      group: fc.constantFrom('a', 'b', 'c'),
      outcome,
      receiveCount: fc.integer({ min: 1, max: 3 }),
    }),
    {
      maxLength: 10,
    },
  );

  it('each message is either done or kept, and what is kept of a group is its tail', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.boolean(), fc.boolean(), async (specs, brokenDelete, brokenVisibility) => {
        state = new FakeState();
        queue = Object.assign(new FakeQueue(), { brokenDelete, brokenVisibility });
        const batch: IncomingMessage[] = specs.map(({ group, receiveCount }, i) =>
          message(String(i), group, { receiveCount }),
        );
        const done = new Set<string>();
        const process: Process = async ({ id }) => {
          await Promise.resolve();
          const result = specs[Number(id)]?.outcome ?? 'crash';
          if (result === 'crash') return crash();
          if (result === 'infra') throw new InfraFault('x');
          if (result.kind === 'done') done.add(id);
          return result;
        };
        const failed = await runBatch(batch, deps({}, { process }));
        const kept = batch.filter(({ id }) => failed.includes(id));
        expect(kept.map(({ id }) => id).sort()).toEqual(
          batch
            .map(({ id }) => id)
            .filter((id) => !done.has(id))
            .sort(),
        );
        for (const group of ['a', 'b', 'c']) {
          const marks = batch.filter(({ groupId }) => groupId === group).map(({ id }) => failed.includes(id));
          expect(marks).toEqual([...marks].sort());
        }
        // Nothing that must be kept was deleted.
        expect(queue.deleted.filter((id) => failed.includes(id))).toEqual([]);
      }),
    );
  });
});
