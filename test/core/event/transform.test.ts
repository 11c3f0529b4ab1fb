/** A stage without a transform. `test/core/event/outputs.test.ts` and `test/sandbox` cover stages with one. */
import { expect, it } from '@jest/globals';
import { PASS_THROUGH } from '../../../lambdas/core/event/transform.ts';

it('passes every event on unchanged, and takes no time', async () => {
  const events = [{ messageId: 'm1', properties: { price: 1 } }, { messageId: 'm2' }];
  const job = { sourceId: 'web', receivedAt: '2026-01-01T00:00:00.000Z', events, time: -1 };
  expect(await PASS_THROUGH.run(job)).toEqual({ made: events.map((event) => [event]) });
  expect(PASS_THROUGH.timeout).toBe(0);
});

it('has no code that could fail to load', async () => {
  expect(await PASS_THROUGH.check()).toBeUndefined();
});
