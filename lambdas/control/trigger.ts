/** What control's function was invoked with. */
import type { ControlRequest } from '../../contract/operations.ts';
import { isJsonObject, type JsonObject } from '../core/event/event.ts';
import { readRequest } from './commands/request.ts';

export type Trigger =
  /** The schedule's run, once a minute. */
  | { readonly kind: 'minute' }
  /** A stage has changed its mode. Which one does not matter: all are looked at. */
  | { readonly kind: 'flip' }
  /** An operator asks for something. */
  | { readonly kind: 'request'; readonly request: ControlRequest; readonly by?: string }
  | { readonly kind: 'refused'; readonly refused: string };

const isFromSns = (event: JsonObject): boolean => {
  const records = event['Records'];
  const first: unknown = Array.isArray(records) ? records[0] : undefined;
  return isJsonObject(first) && first['EventSource'] === 'aws:sns';
};

/** @throws Error for what none of those who invoke control sends */
export const readTrigger = (event: unknown): Trigger => {
  if (isJsonObject(event)) {
    if ('command' in event) return readRequest(event);
    if (event['source'] === 'aws.events') return { kind: 'minute' };
    if (isFromSns(event)) return { kind: 'flip' };
  }
  throw new Error(
    'control was invoked with an event that it does not know; for a run send {"source":"aws.events"}, ' +
      'for a command {"command":"status"}',
  );
};
