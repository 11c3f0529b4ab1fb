/** A case of the comparison, and values that several cases share. */
import { basic, WRITE_KEY, type RequestParts } from '../lambdas/ingest/fakes.ts';

export interface Answered {
  readonly status: number;
  /** A text's first line, `GIF`, `JSON`, or nothing. */
  readonly body: string;
  /** The number of sent events that are stored for delivery. */
  readonly stored: number;
}

export interface Case {
  readonly route: string;
  /** What is sent, in words. */
  readonly sent: string;
  readonly request: RequestParts;
  readonly rudderStack: Answered;
  /** Why Sluice answers differently; absent if it does not. */
  readonly because?: string;
}

export const GOOD = { userId: 'u1', messageId: 'm1', event: 'click' };
export const json = (value: unknown): string => JSON.stringify(value);
export const key = (user: string): RequestParts['headers'] => ({ Authorization: basic(user) });
export const inQuery = `writeKey=${WRITE_KEY}`;
export const two = json({ batch: [GOOD, { ...GOOD, messageId: 'm2' }] });

export const ok = (stored: number): Answered => ({ status: 200, body: 'ok', stored });
export const no = (status: number, body: string): Answered => ({ status, body, stored: 0 });

export const SEGMENT = "Segment's SDKs for browsers and phones";
