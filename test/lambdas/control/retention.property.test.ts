/**
 * Whatever happens (records come, operators look at some, control or CloudWatch pauses, the retention changes): nothing is deleted before
 * its time, nothing that nobody has seen is deleted unless the warning rang for the whole warning period, and all is deleted in the end.
 */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { warningOf } from '../../../contract/retention.ts';
import { sweepInterval } from '../../../lambdas/core/event/retention.ts';
import { DAY, HOUR, RetentionWorld } from './retention-world.ts';

type Step =
  | {
      readonly kind: 'record';
      readonly stage: string;
      readonly count: number;
      readonly parkedDays: number;
    }
  | {
      readonly kind: 'list';
      readonly stage: string | undefined;
      /** Of each page: whether a person sees it. */
      readonly pages: readonly boolean[];
    }
  | { readonly kind: 'pass'; readonly hours: number; readonly fails: boolean }
  | { readonly kind: 'pause'; readonly hours: number }
  | { readonly kind: 'retention'; readonly days: number };

const stage = fc.constantFrom('ingest', 'crm');
const often = (what: number) => fc.integer({ min: 0, max: what }).map((n) => n > 0);
const record = fc.record({
  kind: fc.constant('record' as const),
  stage,
  count: fc.integer({ min: 1, max: 6 }),
  parkedDays: fc.nat(40),
});
const list = fc.record({
  kind: fc.constant('list' as const),
  stage: fc.option(stage, { nil: undefined }),
  pages: fc.array(often(3), { minLength: 1, maxLength: 4 }),
});
const pass = fc.record({
  kind: fc.constant('pass' as const),
  hours: fc.integer({ min: 1, max: 200 }),
  fails: often(5).map((works) => !works),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: record },
  { weight: 3, arbitrary: list },
  { weight: 4, arbitrary: pass },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const), hours: fc.nat(200) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retention' as const), days: fc.constantFrom(7, 14, 30, 60) }),
  },
);

/** What really happened, kept apart from what control remembers. */
class Truth {
  readonly world = new RetentionWorld();
  /** By record: when a person was shown it. */
  readonly shown = new Map<string, number>();
  readonly #records = new Map<string, { stage: string; at: number }>();
  /** When the warning was heard, and what it said. */
  readonly #heard: { at: number; expiring: number }[] = [];

  constructor(days: number) {
    this.world.retention = days * DAY;
  }

  async do(one: Step): Promise<void> {
    const { world } = this;
    switch (one.kind) {
      case 'record': {
        for (let i = 0; i < one.count; i += 1) {
          const { id, at } = await world.record(one.stage, { age: 0, accepted: one.parkedDays * DAY });
          this.#records.set(id, { stage: one.stage, at });
        }
        break;
      }
      case 'list':
        await this.#list(one);
        break;
      case 'pass':
        world.world.faults = { metrics: one.fails };
        for (let i = 0; i < one.hours; i += 1) await this.#hour();
        world.world.faults = {};
        break;
      case 'pause':
        world.world.now += one.hours * HOUR;
        break;
      case 'retention':
        world.retention = one.days * DAY;
    }
  }

  async #list({ stage: of, pages }: Step & { readonly kind: 'list' }): Promise<void> {
    let cursor: string | undefined;
    for (const seen of pages) {
      const page = await this.world.list({
        ...(of === undefined ? {} : { stage: of }),
        ...(cursor === undefined ? {} : { cursor }),
        limit: 2,
        seen,
      });
      if (seen) for (const { id } of page.events) if (!this.shown.has(id)) this.shown.set(id, this.world.now);
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
  }

  async #hour(): Promise<void> {
    const { world } = this;
    world.world.now += HOUR;
    const before = world.world.metrics.length;
    // Metrics that are not taken fail the run.
    await world.run().catch(() => undefined);
    this.#judge();
    if (world.world.metrics.length > before)
      this.#heard.push({ at: world.now, expiring: world.warning.expiring ?? 0 });
  }

  #judge(): void {
    const left = new Set(['ingest', 'crm'].flatMap((one) => this.world.ids(one)));
    for (const [id, { at }] of this.#records) {
      if (left.has(id)) continue;
      this.#records.delete(id);
      this.#allowed(id, at);
    }
  }

  #allowed(id: string, recordedAt: number): void {
    const { now, retention } = this.world;
    expect(now - recordedAt).toBeGreaterThanOrEqual(retention);
    const shown = this.shown.get(id);
    if (shown !== undefined && now - shown >= DAY) return;
    // The warning rang from a warning period before until now, without a pause.
    const since = now - warningOf(retention);
    const rung = this.#heard.filter(({ at }) => at >= since);
    const times = [since, ...rung.map(({ at }) => at), now];
    const pauses = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(3 * sweepInterval(retention) + HOUR);
    // One that was shown a moment ago may be deleted by the warning that rang until then.
    const silent = rung.filter(({ at, expiring }) => expiring === 0 && (shown === undefined || at < shown));
    expect(silent).toEqual([]);
  }

  get left(): number {
    return this.#records.size;
  }
}

it('a retention keeps its promise', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(7, 14, 30, 60),
      fc.array(step, { minLength: 1, maxLength: 25 }),
      async (days, steps) => {
        const truth = new Truth(days);
        for (const one of steps) await truth.do(one);
        // A retention, its notice, and what a look is late.
        await truth.do({ kind: 'pass', hours: (truth.world.retention + 9 * DAY) / HOUR, fails: false });
        expect(truth.left).toBe(0);
        expect(truth.world.warning.expiring).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});
