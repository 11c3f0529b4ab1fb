/** The keys of a destination of Segment's catalogue. What its settings and actions are, `config/catalogue` knows. */
import * as v from 'valibot';
import type { NamingJson } from '../../contract/settings.ts';
import { count, got, httpUrl, secret, text } from '../values.ts';
import { anyDestination } from './any-destination.ts';

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const VARIABLE = /^[A-Z][A-Z0-9_]{0,127}$/;

const setting = v.union(
  [v.string(), v.number(), v.boolean(), secret],
  'expected a text, a number, true, false, or { secretName: "..." }',
);

const textOrSecret = v.union([v.string(), secret], 'expected a text, or { secretName: "..." }');

const isNamingJson = (value: unknown): boolean => {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return true;
  if (Array.isArray(value)) return value.every(isNamingJson);
  if (typeof value !== 'object') return false;
  return 'secretName' in value ? v.is(secret, value) : Object.values(value).every(isNamingJson);
};

const json = v.custom<NamingJson>(
  isNamingJson,
  'expected JSON: a value, a directive such as { "@path": "$.userId" }, or { secretName: "..." }',
);

/** Of a type that is named: TypeScript 7 gives up on what it would infer, since such JSON holds itself. */
const mapping: v.GenericSchema<Record<string, NamingJson>> = v.record(v.string(), json);

const subscription = v.strictObject({
  /** An action of the destination, such as `logEventV2`. */
  action: text('the name of an action'),
  /** Which events it takes, in Segment's query language: `type = "track" and event = "Signed Up"`. */
  subscribe: text('a query such as type = "track"'),
  /** Values of the action's fields. Those that are left out have the action's defaults. */
  mapping: v.optional(mapping, {}),
  /** What is done with records, of an action that asks for it: `add`, `update`, `upsert`, `delete` or `mirror`. */
  syncMode: v.optional(
    v.picklist(
      ['add', 'update', 'upsert', 'delete', 'mirror'],
      got('is not a choice; use "add", "update", "upsert", "delete" or "mirror"'),
    ),
  ),
});

const oauth = v.strictObject({
  accessToken: v.optional(secret),
  /** With it, and the client's id and secret, a token that is refused is refreshed. */
  refreshToken: v.optional(secret),
  clientId: v.optional(textOrSecret),
  clientSecret: v.optional(secret),
  refreshTokenUrl: v.optional(httpUrl('https://example.com/token', 'name them in clientId and clientSecret')),
});

export const actions = v.strictObject({
  ...anyDestination,
  type: v.literal('actions'),
  /** Its name in the catalogue: `npx sluice destinations` lists them. */
  destination: v.pipe(
    text('the name of a destination of the catalogue'),
    v.regex(NAME, got('is not a name; npx sluice destinations lists them')),
  ),
  /** The destination's own: `npx sluice destinations <name>` explains them. A secret is named, never written. */
  settings: v.optional(v.record(v.string(), setting), {}),
  /** The access of a destination that is connected by OAuth. */
  oauth: v.optional(oauth, {}),
  /** Variables that the destination's code reads. */
  env: v.optional(
    v.record(v.pipe(v.string(), v.regex(VARIABLE, got('is not the name of a variable'))), textOrSecret),
    {},
  ),
  /** Which events go to which action. Default: the destination's presets. */
  subscriptions: v.optional(
    v.pipe(v.array(subscription), v.nonEmpty('is empty; leave it out to have the presets')),
  ),
  /** Up to this many events of one user in one request, of actions that take several. Default: 1. */
  batch: v.optional(count(1, 1000), 1),
});

export type WrittenActions = Pick<
  v.InferOutput<typeof actions>,
  'destination' | 'settings' | 'oauth' | 'env' | 'subscriptions' | 'batch'
>;
