/** An event's `integrations`: the destinations that its sender wants to get it, by their names. */
import { isJsonObject, type JsonObject } from './event.ts';

/**
 * The rules are those of RudderStack's server (rudder-server at f2655fb, `processor/integrations/integrations.go`): without `integrations`
 * every destination gets the event; with something else than an object, or with an `All` that is no boolean, none does.
 * @param names of one destination; the first that the object has an opinion on decides
 * @returns why the destination does not get the event; undefined: it does
 */
export const refusedByIntegrations = (event: JsonObject, names: readonly string[]): string | undefined => {
  if (!Object.hasOwn(event, 'integrations')) return undefined;
  const { integrations } = event;
  if (!isJsonObject(integrations)) return 'integrations is not an object';
  const all = Object.hasOwn(integrations, 'All') ? integrations['All'] : true;
  if (typeof all !== 'boolean') return 'integrations.All is neither true nor false';
  for (const name of names) {
    const wish = Object.hasOwn(integrations, name) ? integrations[name] : undefined;
    if (wish === true || isJsonObject(wish)) return undefined;
    if (wish === false) return `integrations has ${JSON.stringify(name)}: false`;
  }
  return all ? undefined : 'integrations has "All": false';
};
