/** The events of a message and the verdicts of their source's tracking plan, before and after the transform. Pure. */
import type { SluiceEvent } from '../core/event/event.ts';
import type { Placed } from './fan-out.ts';
import type { PlanJudge, PlanVerdict } from './tracking-plan.ts';

/** Of the events that violate the plan, by their places in the message. */
export type PlanVerdicts = ReadonlyMap<number, PlanVerdict>;

const NONE: PlanVerdicts = new Map();

export const isRefused = (verdict: PlanVerdict | undefined): boolean => verdict?.onViolation === 'reject';

/** @param judge undefined: the source has no plan, and no event is looked at */
export const verdictsOn = (events: readonly Placed[], judge: PlanJudge | undefined): PlanVerdicts => {
  if (judge === undefined) return NONE;
  return new Map(
    events.flatMap(({ event, place }) => {
      const verdict = judge(event);
      return verdict === undefined ? [] : [[place, verdict] as const];
    }),
  );
};

/** What the transform gets: those that violate the plan with their violations, and none that is rejected. */
export const toTransform = (events: readonly Placed[], plan: PlanVerdicts): readonly SluiceEvent[] =>
  events
    .filter(({ place }) => !isRefused(plan.get(place)))
    .map(({ event, place }) => plan.get(place)?.marked ?? event);

/**
 * @param made of each event that the transform got, as far as it came
 * @returns of each event, nothing of those that are rejected, up to the first that the transform did not come to
 */
export const withRefused = (
  events: readonly Placed[],
  made: readonly (readonly SluiceEvent[])[],
  plan: PlanVerdicts,
): readonly (readonly SluiceEvent[])[] => {
  if (plan.size === 0) return made;
  const all: (readonly SluiceEvent[])[] = [];
  let next = 0;
  for (const { place } of events) {
    const outputs = isRefused(plan.get(place)) ? [] : made[next++];
    if (outputs === undefined) break;
    all.push(outputs);
  }
  return all;
};
