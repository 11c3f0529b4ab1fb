/** An operator who erases a user while a replay runs, as often as `erase` asks for it; and what may not be delivered when that is done. */
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { ParkedMessage } from '../../../lambdas/core/stage/parking-port.ts';
import { erase } from '../../../lambdas/control/commands/erase.ts';
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import { STAGE } from '../../support/memory-stage.ts';
import { MINUTE, SECOND } from '../../support/mode-settings.ts';
import type { Invocation } from '../invocation.ts';

export interface ErasingWorld {
  readonly after: (time: number, run: () => void) => void;
  readonly invoke: (work: (invocation: Invocation) => Promise<void>, over: () => void) => void;
  readonly control: (invocation: Invocation) => ControlDeps;
  readonly violation: (text: string) => void;
}

/** What `erase` needs besides a replay's: the stage is a former one, so that its drains are the story's own. */
const OTHERS = {
  stages: [],
  registry: {
    read: () => Promise.resolve(new Map([[STAGE, { queueName: '', deadLetterQueueName: '' }]])),
  },
  rejections: { list: () => Promise.resolve({ rejections: [] }) },
  seen: { save: () => Promise.resolve() },
} as unknown as Partial<ControlDeps>;

export class Erasing {
  isOver = false;
  readonly #user: string;
  readonly #world: ErasingWorld;
  /** By what was archived, who has parked it. */
  readonly #putBy = new Map<string, Invocation>();

  constructor(user: string, world: ErasingWorld) {
    this.#user = user;
    this.#world = world;
  }

  /** @param cursor of the page; undefined: from the beginning */
  readonly run = (cursor?: string, isBusy = false): void => {
    let next: (() => void) | undefined;
    const work = async (invocation: Invocation): Promise<void> => {
      const deps = { ...this.#world.control(invocation), ...OTHERS };
      const request = { command: 'erase', source: 'web', userId: this.#user } as const;
      const answer = await erase.run(deps, { ...request, ...(cursor === undefined ? {} : { cursor }) });
      if (!answer.ok) return;
      const busy = isBusy || answer.result.busy.length > 0;
      const { cursor: more } = answer.result;
      next = () => {
        if (more !== undefined) this.run(more, busy);
        else if (busy) this.#world.after(MINUTE, this.run);
        else this.isOver = true;
      };
    };
    // What fails is begun again by the operator.
    this.#world.invoke(work, () => (next === undefined ? this.#world.after(5 * SECOND, this.run) : next()));
  };

  put({ body }: ParkedMessage, by: Invocation): void {
    const envelope = parseEnvelope(body);
    const events = envelope?.kind === 'events' ? envelope.events : [];
    for (const { messageId, userId } of events) if (userId === this.#user) this.#putBy.set(messageId, by);
  }

  /** A slice that was cut off in the middle is made again, and its events may be delivered until then. */
  delivered(id: string): void {
    const by = this.#putBy.get(id);
    if (this.isOver && by !== undefined && !by.isHurt && !by.isRunning)
      this.#world.violation(`erased: ${id} is delivered`);
  }
}
