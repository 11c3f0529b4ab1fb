/** A stage in memory whose attempts are evidence: what it wrote of its progress, and reported. */
import type { Outcome, Shown } from '../../lambdas/core/stage/outcome.ts';
import { MemoryStage, STAGE } from './memory-stage.ts';

export const shown = (more: Partial<Shown> = {}) => ({
  shown: { delivered: 0, filtered: 0, rejected: 0, ...more },
});

export class EvidenceStage extends MemoryStage {
  recovers(): void {
    this.setMode(STAGE, { mode: 'recovering', epoch: 2, since: 1, windowFrom: this.now });
  }

  /** What was written and reported, in order. */
  reported(): string[] {
    return this.calls
      .filter((call) => /^(note|state.saveProgress)/.test(call) && call !== 'note invoked')
      .map((call) => call.split('.').at(-1) ?? '');
  }

  /** A message's attempt, which ends like this. */
  attempt(outcome: Outcome | (() => never), id = 'a1'): Promise<readonly string[]> {
    this.results.set(id, outcome);
    return this.run([this.message(id, id.slice(0, 1))]);
  }
}
