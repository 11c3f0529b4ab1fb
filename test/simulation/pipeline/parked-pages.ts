/** Compares the page about users who are parked while their stage is normal with what is parked. */
import type { MetricDatum } from '../../../lambdas/control/ports.ts';
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import { REPLAYED } from '../../../lambdas/core/stage/replay.ts';
import type { Head } from '../../../lambdas/core/stage/parking-port.ts';
import type { Invocation } from '../invocation.ts';
import type { Bounds } from './bounds.ts';
import { STAGES, type StageId } from './plan.ts';

export interface ParkedPagesOptions {
  readonly bounds: Bounds;
  readonly now: () => number;
  readonly mode: (stage: StageId) => ModeRecord;
  readonly heads: (stage: StageId) => readonly Head[];
  readonly violation: (text: string) => void;
}

/** What was parked at control's last report. */
interface Seen {
  readonly at: number;
  readonly epoch: number;
  /** When each user was parked. */
  readonly parked: ReadonlyMap<string, number>;
  /** Those whom no replay has parked. */
  readonly own: ReadonlySet<string>;
}

export class ParkedPages {
  readonly #options: ParkedPagesOptions;
  readonly #seen = new Map<StageId, Seen>();

  constructor(options: ParkedPagesOptions) {
    this.#options = options;
  }

  /** @param by a run of control, which has looked at what is parked since it started */
  put(data: readonly MetricDatum[], by: Invocation): void {
    const value = data.find(({ name }) => name === 'UsersParked')?.value;
    if (value === undefined) return;
    const sure = STAGES.filter((stage) => this.#mustPage(stage, by));
    const possible = STAGES.filter((stage) => this.#mayPage(stage));
    const { violation, now, mode, heads } = this.#options;
    if (value < sure.length && !by.isHurt)
      violation(
        `pages: users of ${sure.join(', ')} are parked, and ${by.name} reports ${String(value)} stages`,
      );
    if (value > possible.length)
      violation(
        `pages: ${by.name} reports users parked in ${String(value)} stages: ${possible.join(', ') || 'none'}`,
      );
    for (const stage of STAGES) {
      const all = heads(stage);
      const parked = new Map(all.map(({ key, parkedAt }) => [key, parkedAt]));
      const own = new Set(all.filter(({ reason }) => !reason.startsWith(REPLAYED)).map(({ key }) => key));
      this.#seen.set(stage, { at: now(), epoch: mode(stage).epoch, parked, own });
    }
  }

  /** It has been normal since control's report before, and enough users for the page were parked by then. */
  #mustPage(stage: StageId, by: Invocation): boolean {
    const { bounds, now, mode, heads } = this.#options;
    const { epoch, mode: name, since } = mode(stage);
    const seen = this.#seen.get(stage);
    if (name !== 'normal' || seen?.epoch !== epoch || seen.at > by.startedAt - bounds.slack) return false;
    const recent = heads(stage).filter(
      ({ key, parkedAt, reason }) =>
        seen.own.has(key) &&
        !reason.startsWith(REPLAYED) &&
        parkedAt > since + bounds.slack &&
        now() - parkedAt < bounds.window - bounds.slack,
    );
    return recent.length >= bounds.redriveThreshold;
  }

  #mayPage(stage: StageId): boolean {
    const { bounds, now, mode, heads } = this.#options;
    const isRecent = (at: number): boolean => now() - at <= bounds.window + bounds.slack;
    const { belowShareAt } = mode(stage);
    if (belowShareAt !== undefined && isRecent(belowShareAt)) return true;
    // Some may have got through since control looked.
    const before = this.#seen.get(stage)?.parked ?? [];
    const parked = new Map([...before, ...heads(stage).map(({ key, parkedAt }) => [key, parkedAt] as const)]);
    return [...parked.values()].filter(isRecent).length >= bounds.redriveThreshold;
  }
}
