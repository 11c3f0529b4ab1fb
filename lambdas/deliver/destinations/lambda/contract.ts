/** What a function gets that is a destination, and what it answers. `docs/destinations.md` describes both. */
import { isJsonObject } from '../../../core/event/event.ts';
import { DELIVERED } from '../aws/verdicts.ts';
import type { Verdict } from '../sender.ts';

/** Seconds: what a function may ask to wait is bounded by the stage's own backoff. */
const toRetryAfter = (after: unknown): { retryAfter?: number } =>
  typeof after === 'number' && after >= 0 && Number.isFinite(after) ? { retryAfter: after * 1_000 } : {};

const toReason = (said: unknown, otherwise: string): string =>
  typeof said === 'string' && said !== '' ? said : otherwise;

const toVerdict = (result: unknown): Verdict | undefined => {
  if (!isJsonObject(result)) return undefined;
  const { outcome, reason, after } = result;
  switch (typeof outcome === 'string' ? outcome : '') {
    case 'delivered':
      return DELIVERED;
    case 'rejected':
      return { kind: 'rejected', reason: toReason(reason, 'the function rejected it, and gave no reason') };
    case 'retry':
      return {
        kind: 'retry',
        reason: toReason(reason, 'the function asked to be given it again, and gave no reason'),
        ...toRetryAfter(after),
      };
    default:
      return undefined;
  }
};

const EXPECTED =
  'nothing, or { "results": [...] } with { "outcome": "delivered" | "retry" | "rejected" } for each event, in order';

/**
 * @param answer parsed; null and undefined: it took all
 * @param count of events
 */
export const verdictsIn = (answer: unknown, count: number): readonly Verdict[] => {
  if (answer === null || answer === undefined) return Array.from({ length: count }, () => DELIVERED);
  const wrong = (what: string): Verdict => ({
    kind: 'retry',
    reason: `the function answered ${what}; expected ${EXPECTED}`,
  });
  const results: unknown = isJsonObject(answer) ? answer['results'] : undefined;
  if (!Array.isArray(results)) return [wrong('with something else')];
  if (results.length !== count) return [wrong(`with ${results.length} results for ${count} events`)];
  return results.map((result, i) => toVerdict(result) ?? wrong(`with a result ${i} that is none`));
};
