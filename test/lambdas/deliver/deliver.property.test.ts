import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withProgress } from '../../../lambdas/core/stage/attempt-ledger.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import { roomForRequest } from '../../../lambdas/deliver/room.ts';
import { answer, event, MINUTE, World } from './world.ts';

/** What happens at one request. */
const step = fc.record({
  status: fc.constantFrom(200, 200, 204, 301, 400, 401, 404, 413, 422, 429, 500, 503, 101, 'transport'),
  /** The time that is left after it does not suffice for another. */
  timeIsUp: fc.boolean(),
  /** The next rejection cannot be stored. */
  storeFails: fc.boolean(),
  /** Minutes that it takes, and that the next attempt waits. */
  minutes: fc.constantFrom(0, 0, 1, 20),
  inOwnTrouble: fc.boolean(),
});

const scenario = fc.record({
  /** Number of outputs of the transform for each event. */
  outputs: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 }),
  batch: fc.integer({ min: 1, max: 5 }),
  script: fc.array(step, { maxLength: 25 }),
  /** How many events the transform has time for, attempt by attempt; then for all. */
  limits: fc.array(fc.nat(4), { maxLength: 4 }),
});

const ROOM = roomForRequest({ requestTimeout: 10_000 });

it('delivers or rejects each event exactly once, in order, whatever the destination answers', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ outputs, batch, script, limits }) => {
      let tries = 0;
      const world: World = new World({
        destination: { batch },
        timing: { limit: () => limits[tries - 1] ?? Infinity },
        transform: ({ messageId }) => Array.from({ length: outputs[Number(messageId)] ?? 0 }, () => ({})),
        reply: (_, n) => {
          const now = script[n - 1];
          if (now === undefined) return answer(200);
          if (now.timeIsUp) world.timeLeft = ROOM - 1;
          if (now.storeFails) world.storeFailures = 1;
          world.now += now.minutes * MINUTE;
          return now.status === 'transport'
            ? { kind: 'transport', reason: 'reset' }
            : answer(Number(now.status));
        },
      });
      const events = outputs.map((_, i) => event(String(i)));
      const expected = outputs.flatMap((n, i) =>
        Array.from({ length: n }, (_, j) => (j === 0 ? `${i}` : `${i}:${j}`)),
      );

      let attempt: Attempt | undefined;
      const sum = { delivered: 0, filtered: 0, rejected: 0 };
      for (tries = 1; ; tries += 1) {
        world.timeLeft = 10 * ROOM;
        const outcome = await world.run(events, attempt);
        sum.delivered += outcome.shown?.delivered ?? NaN;
        sum.filtered += outcome.shown?.filtered ?? NaN;
        sum.rejected += outcome.shown?.rejected ?? NaN;
        if (outcome.kind === 'done') break;
        if (outcome.kind === 'crash') throw new Error(outcome.crash.error);
        if (outcome.progress !== undefined) attempt = withProgress(attempt, outcome.progress);
        // Each attempt that has time for all events makes at least one request, and after the script every request succeeds.
        expect(tries).toBeLessThanOrEqual(script.length + limits.length + 1);
      }

      expect(world.settled.map((entry) => entry.slice(1))).toEqual(expected);
      expect(world.requests.every(({ body }) => (batch === 1) === body.startsWith('{'))).toBe(true);
      expect((world.counted['EventsDelivered'] ?? 0) + (world.counted['EventsRejected'] ?? 0)).toBe(
        expected.length,
      );
      expect(world.counted['EventsFiltered'] ?? 0).toBe(outputs.filter((n) => n === 0).length);
      const count = (sign: string) => world.settled.filter((entry) => entry.startsWith(sign)).length;
      const filtered = outputs.filter((n) => n === 0).length;
      expect(sum).toEqual({ delivered: count('+'), filtered, rejected: count('-') });
      expect(new Set(world.rejected.map(({ id }) => id)).size).toBe(world.rejected.length);
    }),
    { numRuns: 1_000 },
  );
});
