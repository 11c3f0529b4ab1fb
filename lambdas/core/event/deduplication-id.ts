/** What SQS takes for a repetition: for five minutes it drops a message whose id it has seen in the same group. */
import { digest } from '../base/digest.ts';
import { stringify } from '../base/exact-json.ts';
import type { JsonObject, SluiceEvent } from './event.ts';

interface Part {
  readonly sourceId: string;
  /** Which of the parts that one order key's events of one request were packed into; counts from 0. */
  readonly part: number;
}

export interface DeduplicatedPart extends Part {
  /**
   * The part's events as they were received, with a `messageId`: before any other stamp, because stamps differ from
   * one try to the next.
   */
  readonly events: readonly SluiceEvent[];
}

/** An event's JSON without what SDKs set again on each retry: `sentAt`, and Segment's `_metadata`, in which it counts them. */
export const lastingContent = (event: JsonObject): string =>
  stringify({ ...event, sentAt: undefined, _metadata: undefined });

/** @returns 43 characters of base64url */
export const fingerprint = (parts: readonly (string | number)[]): string =>
  digest('sha256', JSON.stringify(parts), 'base64url');

/**
 * Equal for a request and its retry, so that a retry after a lost answer does not store the events twice.
 *
 * It covers the whole content, and not only the message ids: an SDK with a bug that repeats ids would otherwise have its
 * events dropped silently. An event that came without a `messageId` has been given a random one, so a retry of it is not
 * recognized: the other way round, two equal clicks would be taken for one.
 */
export const deduplicationId = ({ events, ...part }: DeduplicatedPart): string =>
  deduplicationIdOf(part, events.map(lastingContent));

/** The same. @param contents of the part's events: their `lastingContent` */
export const deduplicationIdOf = ({ sourceId, part }: Part, contents: readonly string[]): string =>
  fingerprint([sourceId, part, ...contents]);
