/** Where an event that was sent should have arrived in the end, but has not. */
import { isJsonObject, type JsonObject } from '../../../lambdas/core/event/event.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import { keyOf, type Made } from './made.ts';
import { destinationsOf, ROUTER, type DestinationId, type EventPlan, type StageId } from './plan.ts';

/** The records of rejected and discarded events. */
export type Records = (stage: StageId | 'ingest') => readonly Rejection[];

export interface Whereabouts {
  readonly made: Made;
  /** @param at a destination and an event's key */
  readonly isDelivered: (at: string) => boolean;
  /** The outputs of an event that is not impure. */
  readonly outputsOf: (event: Sent) => readonly string[];
}

interface Sent extends EventPlan {
  readonly id: string;
  readonly user: number;
  readonly place: number | undefined;
  readonly answered: boolean;
}

export const eventsOf = (record: Rejection): readonly (JsonObject & { readonly messageId: string })[] => {
  const content: unknown = JSON.parse(record.body);
  const events: readonly unknown[] = Array.isArray(content) ? content : [content];
  return events.flatMap((event) => {
    const id: unknown = isJsonObject(event) ? event['messageId'] : undefined;
    return isJsonObject(event) && typeof id === 'string' ? [{ ...event, messageId: id }] : [];
  });
};

/** @returns a function that lists, in words, what is missing of an event */
export const missingOf = ({ made, isDelivered, outputsOf }: Whereabouts, records: Records) => {
  const kept = new Map<string, ReadonlySet<string>>();
  const isKept = (stage: StageId | 'ingest', key: string): boolean => {
    const keys = kept.get(stage) ?? new Set(records(stage).flatMap(eventsOf).map(keyOf));
    kept.set(stage, keys);
    return keys.has(key);
  };
  const isThere = (stage: DestinationId, key: string): boolean =>
    isDelivered(`${stage} ${key}`) || isKept(stage, key);

  /** Follows the outputs of the last completed attempt, stage by stage. */
  const unmade = ({ id, user }: Sent): readonly string[] => {
    const routed = made.of(ROUTER, id);
    if (routed.length === 0 && !isKept(ROUTER, id)) return [`${id} at ${ROUTER}`];
    return destinationsOf(user).flatMap((stage) =>
      [...new Set(routed.flat())].flatMap((input) => {
        const outputs = made.of(stage, input);
        if (outputs.length === 0 && !isKept(stage, input)) return [`${input} at ${stage}`];
        const missing = outputs.flat().filter((output) => !isThere(stage, output));
        return missing.map((output) => `${output} at ${stage}, made of ${input}`);
      }),
    );
  };

  return (event: Sent): readonly string[] => {
    const { id, kind, answered } = event;
    if (kind === 'bad') return answered && !isKept('ingest', id) ? [`${id} (which has no record)`] : [];
    if (event.place === undefined)
      return answered ? [`${id} (which was answered 200 and is not in SQS)`] : [];
    if (event.impure !== undefined) return unmade(event);
    return destinationsOf(event.user).flatMap((stage) =>
      outputsOf(event)
        .filter((output) => !isThere(stage, output) && !isKept(ROUTER, id))
        .map((output) => `${output} at ${stage}`),
    );
  };
};
