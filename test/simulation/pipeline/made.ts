/** The outputs of impure code: in the end, all outputs of the last completed attempt at each event must have arrived. */
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { StageId } from './plan.ts';

/** Identifies an event in every stage: its id, and the variant that impure code has made of it. */
export const keyOf = (event: { readonly messageId?: unknown; readonly variant?: unknown }): string =>
  `${String(event.messageId)}${typeof event.variant === 'string' ? ` ${event.variant}` : ''}`;

const isImpure = (body: string): boolean => body.includes('"impure":[');

/** Keys of outputs, by the key of their input event. */
type ByEvent = Map<string, readonly string[]>;

export class Made {
  /** Outputs of attempts that have not ended, by stage and message. */
  readonly #pending = new Map<string, ByEvent>();
  readonly #completed = new Map<StageId, Map<string, ByEvent>>();
  readonly #ever = new Map<StageId, Set<string>>();

  begun(stage: StageId, message: IncomingMessage): void {
    if (isImpure(message.body)) this.#pending.set(`${stage} ${message.id}`, new Map());
  }

  /** A transform has returned outputs for an event of the message. */
  made(stage: StageId, messageId: string, event: SluiceEvent, outputs: readonly SluiceEvent[]): void {
    const keys = outputs.map(keyOf);
    this.#pending.get(`${stage} ${messageId}`)?.set(keyOf(event), keys);
    const ever = this.#ever.get(stage) ?? new Set();
    for (const key of keys) ever.add(key);
    this.#ever.set(stage, ever);
  }

  /** An attempt has ended: its outputs count for the events that it reports as finished. */
  ended(stage: StageId, { id, body }: IncomingMessage, outcome: Outcome): void {
    const name = `${stage} ${id}`;
    const pending = this.#pending.get(name);
    this.#pending.delete(name);
    const envelope = parseEnvelope(body);
    if (pending === undefined || outcome.kind === 'crash' || envelope?.kind !== 'events') return;
    const finished = outcome.kind === 'done' ? Infinity : (outcome.progress?.events ?? 0);
    const completed = this.#of(stage, id);
    for (const event of envelope.events.slice(0, finished)) {
      const outputs = pending.get(keyOf(event));
      if (outputs !== undefined) completed.set(keyOf(event), outputs);
    }
  }

  /** The event was taken out of the message: its earlier outputs no longer count. */
  discarded(stage: StageId, messageId: string, event: SluiceEvent): void {
    this.#of(stage, messageId).delete(keyOf(event));
  }

  /** Whether the code of a stage has ever returned it. */
  isKnown(stage: StageId, key: string): boolean {
    return this.#ever.get(stage)?.has(key) === true;
  }

  /** @returns the keys of the event's outputs, for each message in which the stage has completed the event */
  of(stage: StageId, key: string): readonly (readonly string[])[] {
    return [...(this.#completed.get(stage)?.values() ?? [])].flatMap((events) => {
      const outputs = events.get(key);
      return outputs === undefined ? [] : [outputs];
    });
  }

  #of(stage: StageId, messageId: string): ByEvent {
    const messages = this.#completed.get(stage) ?? new Map<string, ByEvent>();
    this.#completed.set(stage, messages);
    const events = messages.get(messageId) ?? new Map<string, readonly string[]>();
    messages.set(messageId, events);
    return events;
  }
}
