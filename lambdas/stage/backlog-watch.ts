/** What an environment of a stage's function does about keys with a backlog of their own: see `hot-keys.ts` and `crowding.ts`. */
import { bestEffort } from '../core/stage/best-effort.ts';
import { Crowding } from '../core/stage/crowding.ts';
import { HotKeys } from '../core/stage/hot-keys.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import type { Observe } from '../core/stage/runner-events.ts';
import type { StageWorld } from './world.ts';

export class BacklogWatch {
  readonly #stage: string;
  readonly #observe: Observe;
  readonly #world: StageWorld;
  readonly #hotKeys: HotKeys;
  readonly #crowding: Crowding;

  constructor(stage: string, spillBacklog: number, observe: Observe, world: StageWorld) {
    this.#stage = stage;
    this.#observe = observe;
    this.#world = world;
    this.#hotKeys = new HotKeys(world.uuid());
    this.#crowding = new Crowding(this.#hotKeys, { spillBacklog, interval: world.controlInterval });
  }

  /** Before a batch of the queue is run. */
  async received(messages: readonly IncomingMessage[]): Promise<void> {
    const { clock, queueLength } = this.#world;
    this.#hotKeys.received(messages, clock());
    if (!this.#crowding.wantsLength(messages, clock())) return;
    let length: number | undefined;
    await bestEffort('queue length', async () => (length = await queueLength()), this.#observe);
    this.#crowding.read(length, clock());
  }

  hidesOthers(messages: readonly IncomingMessage[]): boolean {
    return this.#crowding.hidesOthers(messages, this.#world.clock());
  }

  /** At the end of an invocation. Nothing depends on it but what an operator sees. */
  async report(): Promise<void> {
    const { clock, controlInterval, hotKeys } = this.#world;
    const reports = this.#hotKeys.due(clock(), controlInterval);
    if (reports.length === 0) return;
    await bestEffort('hot keys', () => hotKeys.saveHotKeys(this.#stage, reports), this.#observe);
  }
}
