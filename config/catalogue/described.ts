/** A destination of the catalogue in the words of its own definition, for a person who configures it. */
import {
  choicesOf,
  idFields,
  isOAuth,
  presetsOf,
  type Action,
  type Definition,
  type Field,
  type Fields,
} from './definition.ts';
import { OF_SEGMENT } from './index.ts';
import type { Library } from './library.ts';
import { inShort } from './settings.ts';
import { INSERT_ID } from './subscriptions.ts';

export interface ListedDestination {
  readonly name: string;
  readonly title: string;
  /** `presets`: it needs no subscriptions. */
  readonly starts: 'presets' | 'subscriptions';
  /** How it is connected. */
  readonly access: 'settings' | 'OAuth';
}

export interface DescribedField {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default?: unknown;
  readonly choices?: readonly (string | number)[];
  readonly about: string;
}

export interface DescribedAction {
  readonly name: string;
  readonly about: string;
  /** It takes several events in a request. */
  readonly batches: boolean;
  /** Fields by which the service recognizes a repetition. */
  readonly ids: readonly string[];
  readonly fields: readonly DescribedField[];
}

export interface DescribedDestination extends ListedDestination {
  readonly about: string;
  readonly refreshes: boolean;
  readonly settings: readonly DescribedField[];
  /** Variables that its code reads: keys of `env`. */
  readonly variables: readonly string[];
  readonly presets: readonly { readonly name: string; readonly subscribe: string; readonly action: string }[];
  readonly actions: readonly DescribedAction[];
}

const fieldOf = (name: string, field: Field): DescribedField => {
  const choices = choicesOf(field);
  return {
    name,
    type: field.type === 'password' ? 'secret' : `${field.type}${field.multiple === true ? '[]' : ''}`,
    required: field.required === true,
    ...(field.default === undefined || field.default === '' ? {} : { default: field.default }),
    ...(choices === undefined ? {} : { choices }),
    about: inShort(field.description ?? field.label),
  };
};

const fieldsOf = (fields: Fields = {}): readonly DescribedField[] =>
  Object.entries(fields).map(([name, field]) => fieldOf(name, field));

const actionOf = (name: string, action: Action): DescribedAction => ({
  name,
  about: inShort(action.description ?? action.title),
  batches: action.performBatch !== undefined,
  ids: [...new Set([...idFields(action), ...(action.fields[INSERT_ID] === undefined ? [] : [INSERT_ID])])],
  fields: fieldsOf(action.fields),
});

const listed = (name: string, definition: Definition): ListedDestination => ({
  name,
  title: definition.name,
  starts: presetsOf(definition).length > 0 ? 'presets' : 'subscriptions',
  access: isOAuth(definition) ? 'OAuth' : 'settings',
});

/** @param part of a name or a title. Those that do not load, or work inside of Segment alone, are left out */
export const listDestinations = (library: Library, part = ''): readonly ListedDestination[] =>
  library.names.flatMap((name) => {
    if (OF_SEGMENT.has(name)) return [];
    try {
      const one = listed(name, library.read(name));
      const isLike = `${name} ${one.title}`.toLowerCase().includes(part.toLowerCase());
      return isLike ? [one] : [];
    } catch {
      // A part of the package that lacks a dependency: a configuration that names it gets the reason.
      return [];
    }
  });

/** @throws what loading it throws */
export const describeDestination = (name: string, library: Library): DescribedDestination => {
  const definition = library.read(name);
  return {
    ...listed(name, definition),
    about: inShort(definition.description),
    refreshes: isOAuth(definition) && definition.authentication?.refreshAccessToken !== undefined,
    settings: fieldsOf(definition.authentication?.fields),
    variables: library.variablesOf(name),
    presets: presetsOf(definition).map(({ name: title = '', subscribe, partnerAction }) => ({
      name: title,
      subscribe,
      action: partnerAction,
    })),
    actions: Object.entries(definition.actions).map(([key, action]) => actionOf(key, action)),
  };
};
