/** The configuration of a destination of the catalogue, with the values of the secrets that it names. */
import type { ActionsSettings, NamingJson, SecretName } from '../../../../contract/settings.ts';
import type { JsonObject } from '../../../core/event/event.ts';
import type { Account } from './protocol.ts';

export type Configured = Pick<ActionsSettings, 'settings' | 'oauth' | 'env' | 'subscriptions' | 'batch'>;

const isSecret = (value: object): value is SecretName =>
  Object.keys(value).length === 1 && typeof (value as Partial<SecretName>).secretName === 'string';

const namesIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return isSecret(value) ? [value.secretName] : Object.values(value).flatMap(namesIn);
};

export const secretNames = ({ settings, oauth, env, subscriptions }: Configured): readonly string[] => [
  ...new Set(namesIn([settings, oauth, env, subscriptions])),
];

/** @param secrets values of all `secretNames` */
export const accountOf = (configured: Configured, secrets: ReadonlyMap<string, string>): Account => {
  const filled = (value: NamingJson | undefined): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (isSecret(value)) return secrets.get(value.secretName) ?? '';
    if (Array.isArray(value)) return (value as readonly NamingJson[]).map(filled);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one)]));
  };
  const { settings, oauth, env, subscriptions, batch } = configured;
  return {
    settings: filled(settings) as Account['settings'],
    oauth: filled({ ...oauth } as NamingJson) as Account['oauth'],
    env: filled(env) as Account['env'],
    subscriptions: subscriptions.map(({ action, subscribe, mapping }) => ({
      action,
      subscribe,
      mapping: filled(mapping) as JsonObject,
    })),
    secrets: [...secrets.values()],
    batch,
  };
};
