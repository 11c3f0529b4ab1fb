/** The settings of a destination of the catalogue, checked by its own definition. */
import type { SecretName } from '../../contract/settings.ts';
import type { WrittenActions } from '../destinations/actions.ts';
import { choicesOf, isOAuth, type Definition, type Field } from './definition.ts';

type Setting = string | number | boolean | SecretName;

const named = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

/** In one line, and not all of it: descriptions are written for a page. */
export const inShort = (text = ''): string => {
  const line = text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  const first = /^.*?[.!?](?=\s|$)/.exec(line)?.[0] ?? line;
  return first.length > 160 ? `${first.slice(0, 157)}...` : first;
};

const meaning = ({ label, description }: Field): string =>
  [label, inShort(description)].filter((text) => text !== undefined && text !== '').join(': ');

const TYPES: Readonly<Record<string, string>> = { boolean: 'boolean', number: 'number', integer: 'number' };

const checkOne = (key: string, field: Field, value: Setting): readonly string[] => {
  const isNamed = typeof value === 'object';
  if (field.type === 'password' && !isNamed)
    return [`${key}: is a secret; store it in Secrets Manager, and write { secretName: "..." }`];
  const type = TYPES[field.type] ?? 'string';
  if (isNamed) return type === 'string' ? [] : [`${key}: expected a ${type}; a secret's value is a text`];
  if (typeof value !== type) return [`${key}: ${JSON.stringify(value)} is not a ${type}`];
  const choices = choicesOf(field);
  if (choices === undefined || typeof value === 'boolean' || choices.includes(value)) return [];
  return [
    `${key}: ${JSON.stringify(value)} is not a choice; use ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
  ];
};

/** @returns lines without the destination's path */
export const checkSettings = (written: WrittenActions, definition: Definition): readonly string[] => {
  const fields = definition.authentication?.fields ?? {};
  const names = Object.keys(fields);
  const unknown = Object.keys(written.settings)
    .filter((name) => fields[name] === undefined)
    .map((name) => `settings.${name}: ${written.destination} has no such setting; it has ${named(names)}`);
  const others = Object.entries(fields).flatMap(([name, field]) => {
    const value = written.settings[name];
    const key = `settings.${name}`;
    if (value !== undefined) return checkOne(key, field, value);
    return field.required === true && field.default === undefined
      ? [`${key}: is missing (${meaning(field)})`]
      : [];
  });
  return [...unknown, ...others, ...checkOAuth(written, definition)];
};

const checkOAuth = ({ destination, oauth }: WrittenActions, definition: Definition): readonly string[] => {
  const { accessToken, refreshToken, clientId, clientSecret } = oauth;
  const isGiven = Object.values(oauth).some((value) => value !== undefined);
  if (!isOAuth(definition))
    return isGiven ? [`oauth: ${destination} is not connected by OAuth; remove it`] : [];
  if (accessToken === undefined && refreshToken === undefined)
    return [
      `oauth.accessToken: is missing; ${destination} is connected by OAuth: write { secretName: "..." }`,
    ];
  if (refreshToken === undefined) return [];
  if (definition.authentication?.refreshAccessToken === undefined)
    return [`oauth.refreshToken: ${destination} has tokens that are not refreshed; remove it`];
  return [
    ...(clientId === undefined ? ['oauth.clientId: is missing; a refresh needs it'] : []),
    ...(clientSecret === undefined ? ['oauth.clientSecret: is missing; a refresh needs it'] : []),
  ];
};

/** With the defaults of what is left out. */
export const withDefaults = (
  { settings }: Pick<WrittenActions, 'settings'>,
  { authentication }: Definition,
): WrittenActions['settings'] => {
  const defaults = Object.entries(authentication?.fields ?? {}).flatMap(([name, field]) =>
    ['string', 'number', 'boolean'].includes(typeof field.default)
      ? [[name, field.default as string | number | boolean] as const]
      : [],
  );
  return { ...Object.fromEntries(defaults), ...settings };
};
