/** A degraded stage in memory with a queue in which messages wait, for trials. */
import { runTrial } from '../../lambdas/core/stage/trial.ts';
import type { Attempt } from '../../lambdas/core/stage/ports.ts';
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import { DrainStage } from './drain-stage.ts';
import { STAGE, type Overrides } from './memory-stage.ts';

export const EPOCH = 3;

export class TrialStage extends DrainStage {
  constructor() {
    super();
    this.degrade();
  }

  degrade(): void {
    this.setMode(STAGE, { mode: 'degraded', epoch: EPOCH, since: this.now, pauseUntil: Infinity });
  }

  /** Messages that wait in the queue, returned by one receive. Their keys are the first letters of their ids. */
  waiting(...ids: string[]): IncomingMessage[] {
    const messages = ids.map((id) => this.message(id, id.slice(0, 1)));
    this.queue.waiting.push(messages);
    return messages;
  }

  /** A message that was received before. */
  redelivered(id: string, attempt?: Attempt, receiveCount = 2): IncomingMessage {
    const message = this.message(id, id.slice(0, 1), { receiveCount });
    if (attempt !== undefined) this.state.attempts.set(id, attempt);
    this.queue.waiting.push([message]);
    return message;
  }

  /** Parks messages while the stage is normal, and degrades it afterwards. */
  async park(key: string, ...ids: string[]): Promise<void> {
    this.setMode(STAGE, {});
    await this.parkAll(key, ...ids);
    this.degrade();
  }

  trial(overrides: Overrides = {}): Promise<void> {
    return runTrial(this.deps(overrides));
  }
}
