/** Which events go to which action: what a configuration says, checked by the destination's definition, or the presets. */
import type { NamingJson, SubscriptionSettings } from '../../contract/settings.ts';
import type { WrittenActions } from '../destinations/actions.ts';
import { presetsOf, type Action, type Definition, type Fields } from './definition.ts';
import type { Library } from './library.ts';

type Mapping = Readonly<Record<string, NamingJson>>;
type Written = NonNullable<WrittenActions['subscriptions']>[number];

/** As the library finds them in a mapping. */
const SYNC_MODE = '__segment_internal_sync_mode';
const OWN_KEYS = new Set([SYNC_MODE, '__segment_internal_matching_key']);

const defaultsOf = ({ fields }: Action): Mapping =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) =>
      field.default === undefined ? [] : [[name, field.default as NamingJson] as const],
    ),
  );

const pick = (fields: Fields, name: string): Fields =>
  fields[name] === undefined ? {} : { [name]: fields[name] };

/** By it a service recognizes a repetition. Where an action leaves it empty, it gets the event's id. */
export const INSERT_ID = 'insert_id';

const idOf = ({ fields }: Action): Mapping =>
  fields[INSERT_ID] === undefined ? {} : { [INSERT_ID]: { '@path': '$.messageId' } };

const complete = (action: Action, mapping: Mapping, syncMode = action.syncMode?.default): Mapping => ({
  ...idOf(action),
  ...defaultsOf(action),
  ...(action.syncMode !== undefined && syncMode !== undefined ? { [SYNC_MODE]: syncMode } : {}),
  ...mapping,
});

/** A secret's place is checked as a text's. */
const withTexts = (value: NamingJson | undefined): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if ('secretName' in value) return 'secret';
  if (Array.isArray(value)) return (value as readonly NamingJson[]).map(withTexts);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withTexts(one)]));
};

/** The library's parser takes the end of the text, or a second operator, for a value. */
const NO_VALUE = /"value":"(eos|=|!=|<|>|<=|>=)"/;

const queryError = (text: string, library: Library): string | undefined => {
  const parsed = library.parseFql(text);
  if (parsed.error !== undefined) return parsed.error.message;
  return NO_VALUE.test(JSON.stringify(parsed)) ? 'a value is missing' : undefined;
};

/** Of one, without the path of the list. */
const checkOne = (written: Written, definition: Definition, library: Library): readonly string[] => {
  const { action: name, subscribe, mapping, syncMode } = written;
  const wrong = queryError(subscribe, library);
  const query =
    wrong === undefined ? [] : [`subscribe: ${JSON.stringify(subscribe)} is not a query: ${wrong}`];
  const action = definition.actions[name];
  if (action === undefined) {
    const names = Object.keys(definition.actions).join(', ');
    return [`action: there is no action ${JSON.stringify(name)}; the actions are ${names}`, ...query];
  }
  const names = Object.keys(action.fields);
  const unknown = Object.keys(mapping)
    .filter((key) => action.fields[key] === undefined && !OWN_KEYS.has(key))
    .map((key) => `mapping.${key}: ${name} has no such field; it has ${names.join(', ')}`);
  const all = complete(action, mapping, syncMode);
  const missing = Object.entries(action.fields).flatMap(([key, field]) =>
    field.required === true && all[key] === undefined
      ? [`mapping.${key}: is missing; ${name} needs it (${field.label ?? key})`]
      : [],
  );
  const mode =
    syncMode !== undefined && action.syncMode === undefined ? [`syncMode: ${name} has none; remove it`] : [];
  return [...query, ...unknown, ...missing, ...mode, ...checkDirectives(mapping, library)];
};

const checkDirectives = (mapping: Mapping, library: Library): readonly string[] => {
  try {
    library.checkMapping(withTexts(mapping) as object);
    return [];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const lines = text
      .split('\n')
      .map((line) => line.trim().replace(/^ValidationError: /, ''))
      .filter((line) => line.startsWith('/'));
    // It names places by slashes.
    const found = lines.map((line) => {
      const [, place = '', what = line] = /^\/(\S*) (.*)$/.exec(line) ?? [];
      return `mapping.${place.replaceAll('/', '.')}: ${what}`;
    });
    return found.length > 0 ? found : [`mapping: ${text}`];
  }
};

/** @returns lines without the destination's path */
export const checkSubscriptions = (
  { destination, subscriptions }: WrittenActions,
  definition: Definition,
  library: Library,
): readonly string[] => {
  if (subscriptions !== undefined)
    return subscriptions.flatMap((one, i) =>
      checkOne(one, definition, library).map((line) => `subscriptions[${i}].${line}`),
    );
  if (presetsOf(definition).length > 0) return [];
  const names = Object.keys(definition.actions).join(', ');
  return [
    `subscriptions: is missing; ${destination} has no presets, so say which events go to which of its actions: ${names}`,
  ];
};

/** With the defaults of what is left out. */
export const subscriptionsOf = (
  { subscriptions }: Pick<WrittenActions, 'subscriptions'>,
  definition: Definition,
): readonly SubscriptionSettings[] =>
  subscriptions === undefined
    ? presetsOf(definition).map(({ partnerAction: action, subscribe, mapping = {} }) => {
        const of = definition.actions[action];
        // A preset has what it wants of the action's defaults.
        const without = of && { ...of, fields: { ...pick(of.fields, INSERT_ID) } };
        const own = mapping as Mapping;
        return { action, subscribe, mapping: without === undefined ? own : complete(without, own) };
      })
    : subscriptions.map(({ action, subscribe, mapping, syncMode }) => {
        const of = definition.actions[action];
        return { action, subscribe, mapping: of === undefined ? mapping : complete(of, mapping, syncMode) };
      });
