/** The consents that a user denied, as the SDK puts them in an event's `context.consentManagement`. */
import type { ConsentSettings } from '../../../contract/settings.ts';
import { isJsonObject, type Json, type JsonObject } from './event.ts';

/** Of a destination that needs consents. */
interface Needed {
  readonly consents: readonly string[];
  readonly strategy: 'and' | 'or';
}

const isId = (value: Json): value is string => typeof value === 'string' && value !== '';

/**
 * Older SDKs name no provider: their ids are OneTrust's, which must all be consented to, or Ketch's, and one of those is enough.
 */
const withoutProvider = (settings: readonly ConsentSettings[]): Needed | undefined => {
  const of = (name: string) => settings.find(({ provider }) => provider === name)?.consents;
  const [oneTrust, ketch] = [of('oneTrust'), of('ketch')];
  if (oneTrust !== undefined) return { consents: oneTrust, strategy: 'and' };
  return ketch && { consents: ketch, strategy: 'or' };
};

const neededOf = (
  settings: readonly ConsentSettings[],
  { provider, resolutionStrategy }: JsonObject,
): Needed | undefined => {
  if (typeof provider !== 'string' || provider === '') return withoutProvider(settings);
  const own = settings.find((one) => one.provider === provider);
  // With a provider of the customer's own, the destination says how its consents are to be read; with the others, the SDK does.
  const strategy = provider === 'custom' ? own?.resolutionStrategy : resolutionStrategy;
  return own && { consents: own.consents, strategy: strategy === 'or' ? 'or' : 'and' };
};

/**
 * The rules are those of RudderStack's server (rudder-server at f2655fb, `processor/consent.go`).
 * @param settings of one destination
 * @returns why the destination does not get the event; undefined: it does
 */
export const refusedByConsent = (
  { context }: JsonObject,
  settings: readonly ConsentSettings[],
): string | undefined => {
  const management = isJsonObject(context) ? context['consentManagement'] : undefined;
  if (!isJsonObject(management)) return undefined;
  const ids = management['deniedConsentIds'];
  const denied = new Set(Array.isArray(ids) ? (ids as readonly Json[]).filter(isId) : []);
  if (denied.size === 0) return undefined;
  const needed = neededOf(settings, management);
  if (needed === undefined) return undefined;
  const { consents, strategy } = needed;
  const missing = consents.filter((consent) => denied.has(consent));
  const isRefused = strategy === 'or' ? missing.length === consents.length : missing.length > 0;
  if (!isRefused) return undefined;
  return `the user denied ${missing.join(', ')}; ${strategy === 'or' ? 'one' : 'all'} of ${consents.join(', ')} must be allowed`;
};
