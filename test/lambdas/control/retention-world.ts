/** A pipeline with a retention of records, in virtual time. */
import { control } from '../../../lambdas/control/control.ts';
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import { keepRetention } from '../../../lambdas/control/retention.ts';
import { Steps } from '../../../lambdas/control/steps.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import type { RejectedPage } from '../../../contract/operator-views.ts';
import { MemoryRejections } from '../../support/memory-rejections.ts';
import { MemoryRetention } from '../../support/memory-retention.ts';
import { World } from './world.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Warned of for a week. */
export const RETENTION = 90 * DAY;

export class RetentionWorld {
  readonly world = new World();
  readonly rejections = new MemoryRejections();
  readonly store = new MemoryRetention();
  retention = RETENTION;
  #records = 0;

  get deps(): ControlDeps {
    return {
      ...this.world.deps,
      rejections: this.rejections,
      retention: { time: this.retention, store: this.store },
    };
  }

  get now(): number {
    return this.world.now;
  }

  /** @param age of the record, and of its event's acceptance */
  async record(
    stage: string,
    { age, accepted = age, ...more }: { age: number; accepted?: number } & Partial<Rejection>,
  ): Promise<Rejection> {
    const record: Rejection = {
      id: `m${String((this.#records += 1)).padStart(5, '0')}`,
      stage,
      receivedAt: new Date(this.now - accepted).toISOString(),
      at: this.now - age,
      reason: 'answered 400',
      sourceId: 'web',
      body: '{}',
      sha256: 'ab',
      size: 2,
      ...more,
    };
    await this.rejections.save(record);
    return record;
  }

  /** What control does of it in a run. @throws AggregateError of the steps that failed */
  async run(): Promise<void> {
    const steps = new Steps(this.deps);
    await keepRetention(this.deps, steps);
    steps.end();
  }

  /** Runs each hour, the last one at the end. */
  async pass(time: number): Promise<void> {
    const end = this.now + time;
    while (this.now < end) {
      this.world.now = Math.min(end, this.now + HOUR);
      await this.run();
    }
  }

  /** The whole minute's run. */
  minute(): Promise<unknown> {
    return control({ source: 'aws.events' }, this.deps);
  }

  async list(
    more: { stage?: string; limit?: number; cursor?: string; seen?: boolean } = {},
  ): Promise<RejectedPage> {
    const answer = await control({ command: 'rejected', seen: true, ...more }, this.deps);
    if (answer?.ok !== true) throw new Error(JSON.stringify(answer));
    return answer.result as RejectedPage;
  }

  /** Of unseen records: the last values that were put. */
  get warning(): { readonly expiring: number | undefined; readonly soon: number | undefined } {
    return {
      expiring: this.world.metric('RecordsExpiring').at(-1),
      soon: this.world.metric('RecordsExpiringSoon').at(-1),
    };
  }

  ids(stage: string): readonly string[] {
    return this.rejections.of(stage).map(({ id }) => id);
  }
}
