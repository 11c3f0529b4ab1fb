/** Which of the router's outputs each destination does not get. */
import type { RoutingSettings } from '../../contract/settings.ts';
import type { SluiceEvent } from '../core/event/event.ts';
import { judgeOf, type Judge, type WithheldReason } from '../core/event/recipients.ts';
import type { Made } from './parts.ts';
import type { PlanVerdicts } from './planned.ts';
import type { PlanVerdict } from './tracking-plan.ts';

/** Numbers of events. */
export type WithheldCounts = Partial<Record<Reason, number>>;

/** `plan`: it violates its source's tracking plan, and goes to other destinations alone. */
type Reason = WithheldReason | 'plan';

export interface DestinationRules {
  readonly judge: Judge;
  /** Of a message whose events have all been sent. */
  readonly count: (counts: WithheldCounts) => void;
}

/** Metrics of a destination's stage that the router writes. */
const METRICS: Readonly<Record<Reason, string>> = {
  plan: 'EventsWithheldByPlan',
  integrations: 'EventsWithheldByIntegrations',
  consent: 'EventsWithheldByConsent',
  filter: 'EventsWithheldByFilter',
};

/** @param emit writes metrics of the destination's stage, by their names */
export const rulesOf = (
  destination: RoutingSettings & { readonly id: string },
  emit: (metrics: Readonly<Record<string, number>>) => void,
): DestinationRules => ({
  judge: judgeOf(destination),
  count: (counts) => {
    emit(Object.fromEntries(Object.entries(counts).map(([reason, n]) => [METRICS[reason as Reason], n])));
  },
});

export interface Withheld {
  /** The outputs that the destination does not get. */
  readonly outputs: ReadonlySet<SluiceEvent>;
  readonly counts: WithheldCounts;
}

const isElsewhere = (verdict: PlanVerdict | undefined, id: string): boolean =>
  typeof verdict?.onViolation === 'object' && !verdict.onViolation.only.includes(id);

/** @param rules undefined: the destination gets all outputs that the plan lets it have */
export const withheldBy = (
  { id, rules }: { readonly id: string; readonly rules?: DestinationRules },
  made: readonly Made[],
  plan: PlanVerdicts = new Map(),
): Withheld => {
  const outputs = new Set<SluiceEvent>();
  const counts: WithheldCounts = {};
  for (const { accepted, output, place } of rules === undefined && plan.size === 0 ? [] : made) {
    const reason = isElsewhere(plan.get(place), id) ? 'plan' : rules?.judge(accepted, output)?.reason;
    if (reason === undefined) continue;
    outputs.add(output);
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return { outputs, counts };
};
