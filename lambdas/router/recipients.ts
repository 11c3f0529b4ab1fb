/** Which of the router's outputs each destination does not get. */
import type { RoutingSettings } from '../../contract/settings.ts';
import type { SluiceEvent } from '../core/event/event.ts';
import { judgeOf, type Judge, type WithheldReason } from '../core/event/recipients.ts';
import type { Made } from './parts.ts';

/** Numbers of events. */
export type WithheldCounts = Partial<Record<WithheldReason, number>>;

export interface DestinationRules {
  readonly judge: Judge;
  /** Of a message whose events have all been sent. */
  readonly count: (counts: WithheldCounts) => void;
}

/** Metrics of a destination's stage that the router writes. */
const METRICS: Readonly<Record<WithheldReason, string>> = {
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
    emit(
      Object.fromEntries(Object.entries(counts).map(([reason, n]) => [METRICS[reason as WithheldReason], n])),
    );
  },
});

export interface Withheld {
  /** The outputs that the destination does not get. */
  readonly outputs: ReadonlySet<SluiceEvent>;
  readonly counts: WithheldCounts;
}

/** @param rules undefined: the destination gets all outputs */
export const withheldBy = (rules: DestinationRules | undefined, made: readonly Made[]): Withheld => {
  const outputs = new Set<SluiceEvent>();
  const counts: WithheldCounts = {};
  for (const { accepted, output } of rules === undefined ? [] : made) {
    const reason = rules?.judge(accepted, output)?.reason;
    if (reason === undefined) continue;
    outputs.add(output);
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return { outputs, counts };
};
