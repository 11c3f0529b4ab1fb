import type { ResolvedConfig } from '../schema.ts';

/** What needs more than one key: a destination that gets what violates a plan must be there, and take the source. */
export const checkPlans = ({ sources, destinations }: ResolvedConfig): string[] =>
  sources.flatMap(({ id: source, plan }, i) => {
    if (typeof plan?.onViolation !== 'object') return [];
    return plan.onViolation.only.flatMap((id, n) => {
      const key = `sources[${i}].plan.onViolation.only[${n}]`;
      const taker = destinations.find((one) => one.id === id);
      if (taker === undefined)
        return [
          `${key}: there is no destination "${id}"; the destinations are ${destinations.map((one) => one.id).join(', ')}`,
        ];
      return taker.sources?.includes(source) === false
        ? [
            `${key}: the destination "${id}" does not take the source "${source}"; add it to destinations[${destinations.indexOf(taker)}].sources`,
          ]
        : [];
    });
  });
