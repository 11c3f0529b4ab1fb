/** A stage whose destination has a rate, as the batch runner, the drain and the ledger see it. Time is virtual. */
import { beforeEach, expect, it } from '@jest/globals';
import { toMessageBody } from '../../../lambdas/core/event/envelope.ts';
import { PASS_THROUGH } from '../../../lambdas/core/event/transform.ts';
import { deliverer } from '../../../lambdas/deliver/deliver.ts';
import { paced } from '../../../lambdas/deliver/pace.ts';
import { roomForMessage, roomForRequest } from '../../../lambdas/deliver/room.ts';
import { DrainStage } from '../../support/drain-stage.ts';
import { STAGE } from '../../support/memory-stage.ts';
import { MINUTE, SECOND } from '../../support/mode-settings.ts';

const TIMING = { requestTimeout: 10 * SECOND, deliverTimeout: 60 * SECOND };

let stage: DrainStage;
let sent: string[];
/** Of the invocation. */
let ends: number;

/** Its function may send one request in ten seconds. */
const process = () =>
  deliverer({
    destination: { id: STAGE },
    sender: paced(
      {
        batch: 1,
        send: (events) => {
          sent.push(...events.map(({ content }) => content.messageId));
          return Promise.resolve({ kind: 'whole', verdict: { kind: 'delivered' } });
        },
      },
      {
        perSecond: 0.1,
        room: roomForRequest(TIMING),
        maxPause: 5 * MINUTE,
        clock: () => stage.now,
        sleep: (milliseconds) => {
          stage.now += milliseconds;
          return Promise.resolve();
        },
        onPause: () => undefined,
      },
    ),
    timing: TIMING,
    transforms: PASS_THROUGH,
    rejections: { save: () => Promise.reject(new Error('nothing is rejected')) },
    clock: () => stage.now,
    count: () => undefined,
  });

let deps: Parameters<DrainStage['drain']>[1];
/** Another invocation of the same environment. */
const invoked = () => {
  ends = stage.now + TIMING.deliverTimeout;
  return deps;
};

beforeEach(() => {
  stage = new DrainStage();
  sent = [];
  const time = { timeLeft: () => ends - stage.now, worstCase: roomForMessage(TIMING) };
  deps = { ports: { process: process() }, time };
});

const bodyOf = (...ids: string[]): string => {
  const events = ids.map((messageId) => ({ messageId, userId: 'u' }));
  return toMessageBody({ v: 1, kind: 'events', sourceId: 'web', receivedAt: '', events });
};
const twelve = (name: string): string[] => Array.from({ length: 12 }, (_, i) => `${name}${i}`);

it('sends a message of many events in several invocations, each from where the last one ended, without a charge', async () => {
  const events = twelve('e');
  let message = stage.message('m', 'a', { body: bodyOf(...events) });
  const before = stage.state.modes.get(STAGE);
  for (const invocation of [1, 2, 3]) {
    await stage.run([message], invoked());
    expect(sent).toEqual(events.slice(0, Math.min(12, 5 * invocation)));
    // It is visible immediately: the function was held for as long as it may be.
    if (invocation < 3) expect([stage.queue.visibility.get('m'), ends - stage.now]).toEqual([0, 15 * SECOND]);
    message = { ...message, receiveCount: message.receiveCount + 1 };
    const { attempts } = await stage.state.read(STAGE, { keys: [], attemptsOf: ['m'] });
    if (invocation < 3) expect(attempts.get('m')?.charges ?? 0).toBe(0);
  }
  expect(stage.state.modes.get(STAGE)).toEqual(before);
  expect(new Set(stage.events.map(({ type }) => type))).toEqual(new Set(['stopped']));
});

it('drains a parked user by workers one after another, whose key has no failure', async () => {
  const ids = twelve('p');
  await stage.parking.touchHead(STAGE, 'a', { token: 't0', now: stage.now, reason: 'it crashed' });
  invoked();
  await stage.run(ids.map((id) => stage.message(id, 'a', { body: bodyOf(id) })));
  for (const worker of [1, 2, 3]) {
    // It asks for a successor as long as something is left.
    expect(await stage.drain('a', invoked())).toBe(worker < 3);
    // With less time left than a message may take none is begun.
    expect(sent).toEqual(ids.slice(0, [0, 5, 9, 12][worker]));
    if (worker < 3) expect(stage.head()).toMatchObject({ failures: 0 });
  }
  expect(stage.head()).toBeUndefined();
  expect(stage.events.filter(({ type }) => type === 'drain failed')).toEqual([]);
});
