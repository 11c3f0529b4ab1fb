/** A stage whose previous process has left last words. */
import {
  heed,
  type HeldMessage,
  type SpokenDeps,
  type Words,
} from '../../../lambdas/core/stage/last-words.ts';
import { MemoryStage, type Overrides } from '../../support/memory-stage.ts';

export class LastWordsStage extends MemoryStage {
  /** Until when the messages of the dead process stay hidden. */
  readonly until = this.now + 1;

  /** The last words. @param inHand ids; those with a `+` are already charged */
  left(ids: readonly string[], inHand: readonly string[]): Words {
    return {
      codeVersion: 'v1',
      until: this.until,
      held: ids.map((id) => this.#held(id)),
      inHand: inHand.map((name) => ({
        id: name.replace('+', ''),
        stamp: '4:v1',
        isCharged: name.endsWith('+'),
      })),
    };
  }

  /** Lets the next process act on the last words. */
  heeded(
    words: Words,
    { landing = 0, ...overrides }: Overrides & Partial<Pick<SpokenDeps, 'landing'>> = {},
  ): Promise<void> {
    return heed(words, { ...this.deps(overrides), landing });
  }

  visibility(): Record<string, number> {
    return Object.fromEntries(this.queue.visibility);
  }

  /** Last words have no content. */
  #held(id: string): HeldMessage {
    const { body, ...rest } = this.message(id, id.slice(0, 1));
    if (body === '') throw new Error(`${id} has no content that could be left out`);
    return rest;
  }
}
