/**
 * What of an event leaves for the destination as a hash, or not at all. It is applied to what the transforms made, before any of it is
 * sent, or kept with the destination's rejected events.
 *
 * Its time is bounded by the paths and the size of the event, and it does not recurse deeper than a path is long.
 */
import { createHmac } from 'node:crypto';
import type { PiiSettings } from '../../contract/settings.ts';
import type { Secrets } from '../aws/secrets.ts';
import { AccessFault } from '../core/base/faults.ts';
import { stringify } from '../core/base/exact-json.ts';
import { isJsonObject, type Json, type SluiceEvent } from '../core/event/event.ts';

export type Mask = (event: SluiceEvent) => SluiceEvent;

/** What becomes of a field; undefined: it is left out. */
type Change = (value: Json) => Json | undefined;

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** A field of an object. @returns the same object where the path leads nowhere */
const fieldChanged = (value: Json, [name = '', ...rest]: readonly string[], change: Change): Json => {
  if (!isJsonObject(value) || !Object.hasOwn(value, name)) return value;
  const before = value[name] ?? null;
  const after = rest.length === 0 ? change(before) : changedAt(before, rest, change);
  if (after === before) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    after === undefined
      ? entries.filter(([key]) => key !== name)
      : entries.map(([key, own]) => [key, key === name ? after : own]),
  );
};

/** Of an object, or of each object of a list. */
const changedAt = (value: Json, path: readonly string[], change: Change): Json => {
  if (!isList(value)) return fieldChanged(value, path, change);
  const items = value.map((item) => fieldChanged(item, path, change));
  return items.some((item, i) => item !== value[i]) ? items : value;
};

/** A string as it is, anything else as its JSON. `null` says nothing of anybody, and stays. */
const hashOf = (value: Json, key: string): Json =>
  value === null
    ? null
    : createHmac('sha256', key)
        .update(typeof value === 'string' ? value : stringify(value))
        .digest('hex');

const hashed =
  (key: string): Change =>
  (value) =>
    isList(value) ? value.map((item) => hashOf(item, key)) : hashOf(value, key);

const dropped: Change = () => undefined;

/** The client's address stands in two places, and a webhook fills in the one from the other. */
const withAddress = (paths: readonly string[]): readonly string[] =>
  paths.includes('context.ip') || paths.includes('context') ? [...new Set([...paths, 'request_ip'])] : paths;

/** @param key of the hashes; it is not read where there are none */
export const maskOf = ({ hash, drop }: Pick<PiiSettings, 'hash' | 'drop'>, key: string): Mask => {
  const changes = [
    ...withAddress(hash).map((path) => ({ path: path.split('.'), change: hashed(key) })),
    ...withAddress(drop).map((path) => ({ path: path.split('.'), change: dropped })),
  ];
  // No path leads to the `messageId`: `config/pii-schema.ts` refuses it.
  return (event) =>
    changes.reduce<Json>((made, { path, change }) => changedAt(made, path, change), event) as SluiceEvent;
};

/** @returns reads the secret each time, which costs a call once in five minutes. @throws InfraFault; AccessFault without a usable secret */
export const maskReader = (pii: PiiSettings, secrets: Pick<Secrets, 'read'>): (() => Promise<Mask>) => {
  const { secret } = pii;
  if (secret === undefined) {
    const mask = maskOf(pii, '');
    return () => Promise.resolve(mask);
  }
  const { secretName } = secret;
  return async () => {
    const key = (await secrets.read([secretName])).get(secretName) ?? '';
    // Hashes by an empty key are hashes that anybody can make.
    if (key === '')
      throw new AccessFault(`the secret "${secretName}", the key of the hashes of pii, is empty`);
    return maskOf(pii, key);
  };
};
