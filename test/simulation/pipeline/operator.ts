/** The operators: they give commands at any moment, and handle what no code can fix. */
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { ControlRequest } from '../../../contract/operations.ts';
import { isPoisonFor } from './code.ts';
import { STAGES, type Command, type EventPlan, type StageId } from './plan.ts';
import type { World } from './world.ts';

interface Waiting {
  readonly key: string;
  readonly event: EventPlan & { readonly messageId: string };
}

export class Operator {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  give(command: Command, stage: StageId): void {
    const request = this.#request(command, stage);
    if (request === undefined) return;
    this.#world.log(() => `an operator: ${JSON.stringify(request)}`);
    this.#world.control(request);
  }

  /** After the fix: resumes held stages, and discards events that even the fix fails on. */
  tidy(): void {
    const { state } = this.#world;
    for (const stage of STAGES) {
      if (state.mode(stage).held) this.give('resume', stage);
      for (const { key, event } of this.#waiting(stage))
        if (isPoisonFor(stage, event)) {
          const { messageId } = event;
          this.#world.control({ command: 'discard', stage, key, messageId, reason: 'it is poison' });
        }
    }
  }

  #request(command: Command, stage: StageId): ControlRequest | undefined {
    switch (command) {
      case 'hold':
        return { command, stage, reason: 'a look at it' };
      case 'resume':
        return { command, stage };
      case 'retry':
        return { command, stage };
      case 'retry a key': {
        const found = this.#pick(this.#world.parking.keys(stage));
        return found === undefined ? undefined : { command: 'retry', stage, key: found };
      }
      case 'show': {
        const key = this.#pick(this.#world.parking.keys(stage));
        return key === undefined ? undefined : { command, stage, key, content: true };
      }
      case 'discard': {
        const found = this.#pick(this.#waiting(stage));
        if (found === undefined) return undefined;
        const { key, event } = found;
        return { command, stage, key, messageId: event.messageId, reason: 'not wanted' };
      }
      case 'rejected':
        return { command, content: true };
      case 'retry-rejected': {
        const { rejections } = this.#world;
        const own = rejections.of(stage);
        const record = this.#pick(own.length > 0 ? own : STAGES.flatMap((one) => rejections.of(one)));
        return record === undefined ? undefined : { command, stage: record.stage, id: record.id };
      }
      case 'status':
        return { command };
    }
  }

  /** The parked messages, as `show` would list them. */
  #waiting(stage: StageId): readonly Waiting[] {
    const { parking } = this.#world;
    return parking.keys(stage).flatMap((key) =>
      parking.messages(stage, key).flatMap(({ body, attempt }) => {
        const envelope = parseEnvelope(body);
        if (envelope?.kind !== 'events') return [];
        return envelope.events
          .slice(attempt?.progress?.events ?? 0)
          .map((event) => ({ key, event: event as unknown as Waiting['event'] }));
      }),
    );
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#world.random() * list.length)];
  }
}
