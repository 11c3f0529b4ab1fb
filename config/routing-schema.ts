/** Which events a destination gets, of those of its sources. Names are RudderStack's. */
import * as v from 'valibot';
import { got, text } from './values.ts';
import { filter } from './filter-schema.ts';

const consents = v.pipe(
  v.strictObject({
    /** As events have it in `context.consentManagement.provider`: `oneTrust`, `ketch`, `iubenda`, `custom`. */
    provider: text('the name of a consent provider, such as "oneTrust"'),
    /** Ids of the consents that the destination needs. */
    consents: v.pipe(
      v.array(text('the id of a consent'), 'expected a list of ids of consents'),
      v.nonEmpty('is empty; name at least one consent'),
    ),
    /** Whether it needs all of them (`and`), or one of them (`or`). Default: `and`. */
    resolutionStrategy: v.optional(v.picklist(['and', 'or'], got('is not a strategy; use "and" or "or"'))),
  }),
  v.forward(
    v.check(
      ({ provider, resolutionStrategy }) => resolutionStrategy === undefined || provider === 'custom',
      'is of the provider "custom" alone; remove it: with the others the SDK says it in each event',
    ),
    ['resolutionStrategy'],
  ),
);

export const routing = {
  /**
   * A name, besides its id, by which an event's `integrations` may ask for it or refuse it: for SDK calls that name RudderStack's
   * destination, such as "Google Analytics 4 (GA4)".
   */
  integration: v.optional(
    v.pipe(
      text('the name that events have for it in `integrations`'),
      v.notValue('All', 'is the name for all destinations; use another name'),
    ),
  ),
  /** The consents that it needs, by provider. A user who denied them has no events sent there. Default: none. */
  consentManagement: v.optional(
    v.pipe(
      v.array(consents, 'expected a list of { provider, consents }'),
      v.nonEmpty('is empty; leave it out if the destination needs no consent'),
      v.check(
        (list) => new Set(list.map(({ provider }) => provider)).size === list.length,
        'names a provider twice; put its consents in one entry',
      ),
    ),
  ),
  /** What an event must be like. Default: every event. */
  filter: v.optional(filter),
};
