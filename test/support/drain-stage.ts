/** A stage in memory whose parked keys are drained. */
import { drain } from '../../lambdas/core/stage/drain.ts';
import type { Head } from '../../lambdas/core/stage/parking-port.ts';
import { shardOf } from '../../lambdas/core/stage/parking.ts';
import { MemoryStage, STAGE, type Overrides } from './memory-stage.ts';

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
