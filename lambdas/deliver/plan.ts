/** What of a packed message is still to be sent, and how a position in it is written down between attempts. */
import type { SluiceEvent } from '../core/event.ts';
import type { Progress } from '../core/ports.ts';
import { applyTransform, type Transform } from '../core/transform.ts';

/** One event to send: what the transform made of one event of the message. */
export interface Output {
  /** Index of the message's event that it was made of. */
  readonly event: number;
  /** Its index among the outputs of that event. */
  readonly index: number;
  readonly content: SluiceEvent;
}

export interface Plan {
  /** What is left to send, in order. */
  readonly outputs: readonly Output[];
  /**
   * The progress to save when so many of `outputs` are finished. Events that the transform filtered out count as
   * finished once all before them are.
   * @returns undefined at the very beginning of the message: there is nothing to save
   */
  readonly progressAt: (finished: number) => Progress | undefined;
  /** How many events were filtered out, of those that lie before that position and were not finished earlier. */
  readonly filteredAt: (finished: number) => number;
}

/**
 * Runs the transform on every event that is not finished yet, one after another, and lays out what it made of them.
 *
 * All of the message is transformed before any of it is sent: a transform that crashes on the last event must not
 * leave the first ones delivered again and again. The outputs that were finished within an event are honoured only
 * under the code version that counted them, because another transform may make others.
 * @throws whatever the transform throws
 */
export const planDelivery = async (
  events: readonly SluiceEvent[],
  transform: Transform | undefined,
  saved: Progress | undefined,
  codeVersion: string,
): Promise<Plan> => {
  const start = saved?.events ?? 0;
  const skipped = saved?.codeVersion === codeVersion ? saved.outputs : 0;
  const outputs: Output[] = [];
  const filtered: number[] = [];
  for (const [event, input] of events.entries()) {
    if (event < start) continue;
    const made = await applyTransform(transform, input);
    const skip = event === start ? skipped : 0;
    if (made.length === 0) filtered.push(event);
    made.forEach((content, index) => {
      if (index >= skip) outputs.push({ event, index, content });
    });
  }

  const progressAt = (finished: number): Progress | undefined => {
    const next = outputs[finished];
    const position = next ?? { event: events.length, index: 0 };
    if (position.event === 0 && position.index === 0) return undefined;
    return { events: position.event, outputs: position.index, codeVersion };
  };
  const filteredAt = (finished: number): number => {
    const reached = outputs[finished]?.event ?? events.length;
    return filtered.filter((event) => event < reached).length;
  };
  return { outputs, progressAt, filteredAt };
};
