/** A stage in memory whose parked keys are drained. */
import { drain } from '../../lambdas/core/stage/drain.ts';
import type { Outcome, Process, ProcessUnit } from '../../lambdas/core/stage/outcome.ts';
import type { Head } from '../../lambdas/core/stage/parking-port.ts';
import { shardOf } from '../../lambdas/core/stage/parking.ts';
import { DELIVERED, MemoryStage, STAGE, type Overrides } from './memory-stage.ts';

export const crash = (): never => {
  throw new TypeError('no such property');
};

export class DrainStage extends MemoryStage {
  /** Parks messages of a key as the batch runner does. */
  async parkAll(key: string, ...ids: string[]): Promise<void> {
    await this.parking.touchHead(STAGE, key, { token: 't0', now: this.now, reason: 'poison' });
    await this.run(ids.map((id) => this.message(id, key)));
    this.calls.length = 0;
    this.events.length = 0;
  }

  /** A worker's run over the shard of a key. */
  drain(key = 'a', overrides: Overrides = {}): Promise<boolean> {
    return drain({ shard: shardOf(key) }, this.deps(overrides));
  }

  /** Takes this many messages as one, which is the call `process a1+a2`: each has its own result, up to the first that is not done. */
  takingUnits(most: number): Process {
    const unit: ProcessUnit = async (messages) => {
      const taken = messages.slice(0, most);
      this.calls.push(`process ${taken.map(({ id }) => id).join('+')}`);
      const outcomes: Outcome[] = [];
      for (const { id } of taken) {
        const result = this.results.get(id) ?? DELIVERED;
        const outcome = typeof result === 'function' ? await result() : result;
        outcomes.push(outcome);
        if (outcome.kind !== 'done') break;
      }
      return outcomes;
    };
    return Object.assign(this.deps().ports.process, { unit });
  }

  head(key = 'a'): Head | undefined {
    return this.parking.head(STAGE, key);
  }

  /** The arguments of each call with this name. */
  called(name: string): string[] {
    return this.calls
      .filter((call) => call.startsWith(`${name} `))
      .map((call) => call.slice(name.length + 1));
  }

  /** The messages that were attempted. */
  processed(): string[] {
    return this.called('process');
  }
}
