/**
 * A user with a large backlog, and others behind it in a queue that looks at its oldest messages only: the others get
 * through, and every user keeps their order, whatever fails in between.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HIDES_OTHERS } from '../../lambdas/core/stage/crowding.ts';
import { STAGE } from '../support/memory-stage.ts';
import { HOUR, MINUTE, SECOND } from '../support/mode-settings.ts';
import { replaced } from '../support/ports-gate.ts';
import { OneStage, POISON } from './one-stage.ts';

/** In place of 120,000 and 60,000. */
const SMALL = { scanWindow: 300, spillBacklog: 200 };
const NEVER = { scanWindow: 300, spillBacklog: Infinity };

const send = (pipeline: OneStage, user: string, count: number, event = 'ok'): void => {
  for (let n = 0; n < count; n++) {
    pipeline.accept(user, user, { event });
    pipeline.now += SECOND;
  }
};

/** As many messages as the window holds are behind one that its destination does not take; others come after them. */
const stuck = async (options: typeof SMALL): Promise<OneStage> => {
  const pipeline = new OneStage('userId', options);
  const taken = pipeline.process;
  const head = 'hot@hot 0';
  pipeline.ports = {
    process: async (message, processing) =>
      message.body.includes(`"${head}"`) && !pipeline.isFixed
        ? { kind: 'retry', reason: 'HTTP 503' }
        : taken(message, processing),
  };
  send(pipeline, 'hot', 400);
  send(pipeline, 'ada', 3);
  for (let turn = 0; turn < 100; turn++) await pipeline.receive();
  return pipeline;
};

test('without the limit, a backlog behind a message that fails hides all others', async () => {
  expect((await stuck(NEVER)).delivered).toEqual([]);
});

test('with it, the backlog leaves the queue, the others get through, and all is delivered in order in the end', async () => {
  const pipeline = await stuck(SMALL);
  expect(pipeline.delivered).toEqual(['ada@ada 400', 'ada@ada 401', 'ada@ada 402']);
  const [key = ''] = pipeline.parking.keys(STAGE);
  expect(pipeline.head(key)?.reason).toBe(HIDES_OTHERS);
  await pipeline.settle();
  await pipeline.fix();
  expect(pipeline.violations()).toEqual([]);
});

test('a user whose messages get through, but slower than they come, is parked as well, once the queue is long', async () => {
  const pipeline = new OneStage('userId', SMALL);
  send(pipeline, 'hot', 400);
  pipeline.now += HOUR;
  send(pipeline, 'ada', 3);
  for (let turn = 0; turn < 3; turn++) await pipeline.receive();
  expect(pipeline.parking.keys(STAGE)).toHaveLength(1);
  await pipeline.settle();
  expect(pipeline.firstDeliveries).toContain('ada@ada 402');
  await pipeline.fix();
  expect(pipeline.violations()).toEqual([]);
});

test('in a short queue nobody is parked, however late', async () => {
  const pipeline = new OneStage('userId', SMALL);
  send(pipeline, 'hot', 150);
  pipeline.now += HOUR;
  await pipeline.settle();
  expect(pipeline.parking.keys(STAGE)).toEqual([]);
  expect(pipeline.delivered).toHaveLength(150);
});

test('while the stage recovers everybody is late, and nobody is parked for it', async () => {
  const pipeline = new OneStage('userId', SMALL);
  send(pipeline, 'hot', 400);
  pipeline.now += HOUR;
  for (let turn = 0; turn < 10; turn++) {
    // Again each time: twenty messages that get through would end the recovery.
    pipeline.setMode(STAGE, { mode: 'recovering', epoch: 1 });
    await pipeline.receive();
  }
  expect(pipeline.delivered).toHaveLength(100);
  expect(pipeline.parking.keys(STAGE)).toEqual([]);
});

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      user: fc.constantFrom('hot', 'hot', 'ada', 'bob'),
      count: fc.integer({ min: 1, max: 15 }),
      event: fc.oneof(
        { weight: 9, arbitrary: fc.constant('ok') },
        { weight: 1, arbitrary: fc.constant(POISON) },
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('receive' as const),
      dies: fc.boolean(),
      fault: fc.constantFrom(undefined, 'parking.putMessage', 'parking.touchHead', 'state.saveAttempt'),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(2, 30) }) },
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** Queues are long from their tenth message on, so that every late and busy key is parked. */
const story = async (steps: readonly Step[]): Promise<OneStage> => {
  const pipeline = new OneStage('userId', { scanWindow: 40, spillBacklog: 10 });
  for (const one of steps) {
    if (one.do === 'send') send(pipeline, one.user, one.count, one.event);
    else if (one.do === 'wait') pipeline.now += one.minutes * MINUTE;
    else {
      if (one.fault !== undefined) pipeline.faults.set(one.fault, one.when);
      await pipeline.receive(one.dies);
      pipeline.faults.clear();
    }
  }
  return pipeline;
};

test('whatever is sent, fails and dies when, each user keeps their order and nothing is lost', async () => {
  let spilled = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const pipeline = await story(steps);
      await pipeline.settle();
      const heads = pipeline.parking.keys(STAGE).map((key) => pipeline.head(key)?.reason);
      spilled += heads.filter((reason) => reason === HIDES_OTHERS).length;
      await pipeline.fix();
      expect(pipeline.violations()).toEqual([]);
    }),
    { numRuns: 60, seed: 14 },
  );
  // The stories are about it.
  expect(spilled).toBeGreaterThan(5);
});

test('the check finds a planted bug: a head that is not made', async () => {
  const pipeline = new OneStage('userId', SMALL);
  pipeline.ports = {
    parking: replaced(pipeline.deps().ports.parking, { touchHead: () => Promise.resolve() }),
  };
  send(pipeline, 'hot', 400);
  pipeline.now += HOUR;
  await pipeline.settle();
  await pipeline.fix();
  expect(pipeline.violations()).toHaveLength(1);
});
