/** A region: a whole pipeline of its own, on the clock that all regions share. It can be gone for a while, with what it has stored. */
import { readiness, type ReadyOptions } from '../../../lambdas/ingest/ready.ts';
import { gated } from '../../support/ports-gate.ts';
import { INGEST_TIMEOUT } from '../pipeline/config.ts';
import type { Call } from '../pipeline/functions.ts';
import { STAGES, type Action, type Plan } from '../pipeline/plan.ts';
import { World } from '../pipeline/world.ts';
import type { Schedule } from '../schedule.ts';

const FUNCTIONS = [...STAGES, 'ingest', 'control'] as const;

/** How a health check asks a region. */
export type Health = (options: ReadyOptions) => Promise<{ readonly status: number }>;

/** By `/ready`, as it is deployed. */
export const byReady: Health = (options) => readiness(options)();

/** Makes a world's own clock that of all regions. */
const shareClock = (own: Schedule, shared: Schedule): void => {
  if (own === shared) return;
  own.after = (milliseconds, run) => {
    shared.after(milliseconds, run);
  };
  Object.defineProperty(own, 'now', { get: () => shared.now });
};

export class Region {
  readonly world: World;
  isGone = false;
  readonly #health: Health;

  constructor(plan: Plan, schedule: Schedule | undefined, health: Health) {
    this.world = new World(plan);
    this.#health = health;
    shareClock(this.world.schedule, schedule ?? this.world.schedule);
    const { functions } = this.world;
    const invoke = functions.invoke.bind(functions);
    functions.invoke = <T>(call: Call<T>): void => {
      if (this.isGone) call.over?.();
      else invoke(call);
    };
  }

  /** Nothing runs, is invoked or answers any more. Queues and tables stay as they are, and their time passes. */
  die(length: number): void {
    const { world } = this;
    world.log(() => `the region is gone for ${String(length)} ms`);
    this.isGone = true;
    for (const stage of STAGES) world.queues.starve(stage, 'mapping', length);
    for (const one of FUNCTIONS) world.functions.kill(one);
    world.schedule.after(length, () => {
      this.isGone = false;
      for (const stage of STAGES) world.queues.pump(world.queues.of(stage));
    });
  }

  /** SQS fails for a while. */
  refuse(trouble: Extract<Action, { do: 'trouble' }>): void {
    this.world.faults.begin(trouble);
  }

  minute(): void {
    if (!this.isGone) this.world.minute();
  }

  /** @param done gets whether a health check's request was answered 200 */
  check(done: (isReady: boolean) => void): void {
    const { world } = this;
    let status = 0;
    world.functions.invoke({
      of: 'ingest',
      name: 'ready',
      timeout: INGEST_TIMEOUT,
      work: async ({ gate }) => {
        const { probe } = gated({ probe: () => Promise.resolve() }, 'sqs', gate);
        const asked = { clock: () => world.schedule.now, random: world.random };
        return (await this.#health({ ...asked, probeQueue: probe, onRefused: () => undefined })).status;
      },
      answered: (given) => {
        status = given;
      },
      over: () => {
        done(status === 200);
      },
    });
  }
}
