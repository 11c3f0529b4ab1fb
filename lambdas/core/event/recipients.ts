/** Which destinations get an event, of those that take its source: its sender's wish, its user's consent, and each destination's filter. */
import type { RoutingSettings } from '../../../contract/settings.ts';
import { refusedByConsent } from './consent.ts';
import type { SluiceEvent } from './event.ts';
import { compileFilter } from './filter.ts';
import { refusedByIntegrations } from './integrations.ts';

export const WITHHELD_REASONS = ['integrations', 'consent', 'filter'] as const;
export type WithheldReason = (typeof WITHHELD_REASONS)[number];

/** Why a destination does not get an event. */
export interface Withheld {
  readonly reason: WithheldReason;
  /** For people. */
  readonly detail: string;
}

/**
 * @param accepted the event as ingest accepted it
 * @param output what the pipeline's transform made of it
 * @returns undefined: the destination gets it
 */
export type Judge = (accepted: SluiceEvent, output: SluiceEvent) => Withheld | undefined;

/**
 * What the sender or the user refused must be refused in neither form of the event: a transform that builds a new event of a few
 * fields must not give away what the user denied, while one that adds a refusal is heard. The filter is about what the destination
 * would get, so the output alone counts. None of it depends on the time or on anything else outside the event: a retry gives the same.
 */
export const judgeOf = ({
  id,
  integration,
  consentManagement,
  filter,
}: RoutingSettings & { readonly id: string }): Judge => {
  const names = integration === undefined ? [id] : [id, integration];
  const matches = filter && compileFilter(filter);
  const refused = (event: SluiceEvent): Withheld | undefined => {
    const wish = refusedByIntegrations(event, names);
    if (wish !== undefined) return { reason: 'integrations', detail: wish };
    const consent = consentManagement && refusedByConsent(event, consentManagement);
    return consent === undefined ? undefined : { reason: 'consent', detail: consent };
  };
  return (accepted, output) => {
    const withheld = refused(accepted) ?? (output === accepted ? undefined : refused(output));
    if (withheld !== undefined) return withheld;
    if (matches === undefined || matches(output)) return undefined;
    return { reason: 'filter', detail: 'its filter does not match' };
  };
};
