/**
 * Which destination gets an event: RudderStack's rules, read in `processor/integrations/integrations.go` and `processor/consent.go` of
 * rudder-server at f2655fb, against those of the router.
 */
import type { ConsentSettings } from '../../contract/settings.ts';
import type { Json } from '../../lambdas/core/event/event.ts';
import { judgeOf } from '../../lambdas/core/event/recipients.ts';

interface RoutingCase {
  /** What the event has. */
  readonly event: Readonly<Record<string, Json>>;
  /** Whether RudderStack sends it to the destination. */
  readonly rudderStack: boolean;
  readonly consentManagement?: readonly ConsentSettings[];
  /** Why Sluice decides otherwise; absent where it does not. */
  readonly because?: string;
}

const integrations = (value: Json, rudderStack: boolean): RoutingCase => ({
  event: { integrations: value },
  rudderStack,
});
const consent = (
  consentManagement: Json,
  settings: ConsentSettings,
  rudderStack: boolean,
  because?: string,
): RoutingCase => ({
  event: { context: { consentManagement } },
  consentManagement: [settings],
  rudderStack,
  ...(because === undefined ? {} : { because }),
});

const denied = (provider: string | undefined, ids: readonly string[], resolutionStrategy?: string) => ({
  ...(provider === undefined ? {} : { provider }),
  deniedConsentIds: ids,
  ...(resolutionStrategy === undefined ? {} : { resolutionStrategy }),
});
const oneTrust = { provider: 'oneTrust', consents: ['a', 'b'] };
const custom = { provider: 'custom', consents: ['a', 'b'], resolutionStrategy: 'or' } as const;

/** The destination's name is `CRM`. */
const CASES: readonly RoutingCase[] = [
  { event: {}, rudderStack: true },
  integrations({}, true),
  integrations({ All: false }, false),
  integrations({ All: false, CRM: true }, true),
  integrations({ All: true, CRM: false }, false),
  integrations({ All: false, CRM: { key: 'value' } }, true),
  integrations({ All: false, CRM: 'true' }, false),
  integrations({ All: true, CRM: 'false' }, true),
  integrations({ All: 'true', CRM: true }, false),
  integrations([], false),
  integrations(null, false),
  consent(denied('oneTrust', ['a']), oneTrust, false),
  consent(denied('oneTrust', ['a'], 'or'), oneTrust, true),
  consent(denied('oneTrust', ['a', 'b'], 'or'), oneTrust, false),
  consent(denied('oneTrust', ['c']), oneTrust, true),
  consent(denied('oneTrust', []), oneTrust, true),
  consent(denied('iubenda', ['a']), oneTrust, true),
  consent(denied('custom', ['a'], 'and'), custom, true),
  consent(denied('custom', ['a', 'b'], 'and'), custom, false),
  consent(
    denied(undefined, ['a']),
    oneTrust,
    true,
    'RudderStack has the categories of older SDKs under keys of their own; here one entry serves both',
  ),
  { event: { context: { consentManagement: 'denied' } }, consentManagement: [oneTrust], rudderStack: true },
];

interface RoutingRow extends RoutingCase {
  readonly sluice: boolean;
}

export const routingRows = (): readonly RoutingRow[] =>
  CASES.map((one) => {
    const judge = judgeOf({
      id: 'crm',
      integration: 'CRM',
      ...(one.consentManagement && { consentManagement: one.consentManagement }),
    });
    const event = { messageId: '1', ...one.event };
    return { ...one, sluice: judge(event, event) === undefined };
  });

const yes = (gets: boolean): string => (gets ? 'gets it' : 'does not');

/** @param line of a table */
export const routingSection = (line: (cells: readonly string[]) => string): readonly string[] => [
  '## Who gets what',
  '',
  'Whether the destination `CRM` gets the event, by [the rules of routing](routing.md).',
  '',
  line(['the event has', 'the destination needs', 'RudderStack', 'Sluice', 'why they differ']),
  line(['-', '-', '-', '-', '-']),
  ...routingRows().map(({ event, consentManagement: [needed] = [], rudderStack, sluice, because = '' }) =>
    line([
      Object.keys(event).length === 0 ? 'neither' : `\`${JSON.stringify(event)}\``,
      needed === undefined ? '' : `\`${JSON.stringify(needed)}\``,
      yes(rudderStack),
      sluice === rudderStack ? 'the same' : yes(sluice),
      because,
    ]),
  ),
  '',
];
