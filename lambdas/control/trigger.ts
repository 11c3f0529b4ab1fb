/** What control's function was invoked with. */
import { readPage } from './canary-pages.ts';
import type { CanaryPage } from '../../contract/canary.ts';
import type { ControlRequest } from '../../contract/operations.ts';
import { isJsonObject, type JsonObject } from '../core/event/event.ts';
import { readRequest } from './commands/request.ts';

export type Trigger =
  /** The schedule's run, once a minute. */
  | { readonly kind: 'minute' }
  /** A stage has changed its mode. Which one does not matter: all are looked at. */
  | { readonly kind: 'flip' }
  /** An alarm that pages has changed its state; of those the canary's own are of interest. */
  | { readonly kind: 'page'; readonly name: string; readonly page: Omit<CanaryPage, 'receivedAt'> }
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
    if (isFromSns(event)) {
      const page = readPage(event);
      return page === undefined ? { kind: 'flip' } : { kind: 'page', ...page };
    }
  }
  throw new Error(
    'control was invoked with an event that it does not know; for a run send {"source":"aws.events"}, ' +
      'for a command {"command":"status"}',
  );
};
