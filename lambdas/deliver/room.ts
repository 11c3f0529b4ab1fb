/** How much time of its function a delivery needs. */
import type { TimingSettings } from '../../contract/settings.ts';
import { CALL_MARGIN } from '../core/base/limits.ts';

/**
 * The time that must be left before a request begins: its worst case, and a margin to record what came of it. The
 * margin shrinks with the request's timeout, or a stage with a short one could never begin.
 * @returns milliseconds; less than twice `requestTimeout`, which is the least that a function's timeout may be
 */
export const roomForRequest = ({ requestTimeout }: Pick<TimingSettings, 'requestTimeout'>): number =>
  requestTimeout + Math.min(CALL_MARGIN, requestTimeout / 2);

/**
 * The time that must be left before a message is begun: it is charged, an event is transformed, a request is made, and what came
 * of it recorded. A stage with a short timeout makes do with a part of it, or it could begin nothing.
 * @param transformTimeout the longest that one event may take
 * @returns milliseconds; at least `roomForRequest`
 */
export const roomForMessage = (
  timing: Pick<TimingSettings, 'requestTimeout' | 'deliverTimeout'>,
  transformTimeout = 0,
): number =>
  Math.max(
    roomForRequest(timing),
    Math.min(timing.requestTimeout + 2 * CALL_MARGIN, timing.deliverTimeout * 0.6),
  ) + transformTimeout;
