/** Which destination gets an event: what RudderStack's server decides of the same event (rudder-server at f2655fb). */
import { describe, expect, it } from '@jest/globals';
import type { RoutingSettings } from '../../../contract/settings.ts';
import type { Json, SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { judgeOf } from '../../../lambdas/core/event/recipients.ts';

const event = (more: Readonly<Record<string, Json>>): SluiceEvent => ({ messageId: '1', ...more });
const detail = (settings: RoutingSettings, accepted: SluiceEvent, output = accepted) =>
  judgeOf({ id: 'crm', ...settings })(accepted, output);

describe('integrations', () => {
  const GA = { integration: 'Google Analytics 4 (GA4)' };
  const gets = (integrations: Json, settings: RoutingSettings = GA): boolean => {
    const withheld = detail(settings, event({ integrations }));
    if (withheld !== undefined) expect(withheld.reason).toBe('integrations');
    return withheld === undefined;
  };

  it('that are absent let every destination have the event', () => {
    expect(detail({}, event({}))).toBeUndefined();
  });

  it.each<readonly [Json, boolean]>([
    [{}, true],
    [{ All: true }, true],
    [{ All: false }, false],
    [{ crm: true }, true],
    [{ crm: false }, false],
    [{ All: false, crm: true }, true],
    [{ All: false, crm: false }, false],
    [{ All: true, crm: false }, false],
    [{ All: false, crm: { key: 'value' } }, true],
    [{ All: false, crm: {} }, true],
    // Anything else is no opinion.
    [{ All: false, crm: 'true' }, false],
    [{ All: false, crm: 1 }, false],
    [{ All: false, crm: [] }, false],
    [{ All: true, crm: null }, true],
    [{ All: true, crm: 'false' }, true],
    [{ All: true, crm: 0 }, true],
    // What cannot be read refuses every destination.
    [{ All: 'true' }, false],
    [{ All: 'true', crm: true }, false],
    [{ All: null }, false],
    [{ All: 1 }, false],
    [null, false],
    [true, false],
    ['crm', false],
    [[], false],
    [['crm'], false],
    // Names are compared as they are.
    [{ All: false, Crm: true }, false],
    [{ all: false }, true],
    [{ All: true, other: false }, true],
    // The destination's second name, behind its id.
    [{ All: false, 'Google Analytics 4 (GA4)': true }, true],
    [{ 'Google Analytics 4 (GA4)': false }, false],
    [{ All: false, crm: true, 'Google Analytics 4 (GA4)': false }, true],
    [{ crm: false, 'Google Analytics 4 (GA4)': true }, false],
    [{ crm: 'yes', 'Google Analytics 4 (GA4)': false }, false],
  ])('%j: %s', (integrations, expected) => {
    expect(gets(integrations)).toBe(expected);
  });

  it('have no opinion on a name that only every object has', () => {
    expect(gets({ All: false }, { integration: 'constructor' })).toBe(false);
    expect(gets({ All: false }, { integration: '__proto__' })).toBe(false);
  });

  it.each([
    [{ All: false }, 'integrations has "All": false'],
    [{ crm: false }, 'integrations has "crm": false'],
    [{ All: 'yes' }, 'integrations.All is neither true nor false'],
    ['crm', 'integrations is not an object'],
  ])('say why: %j', (integrations, why) => {
    expect(detail({}, event({ integrations }))).toEqual({ reason: 'integrations', detail: why });
  });
});

describe('consent', () => {
  const management = (consentManagement: Json): SluiceEvent => event({ context: { consentManagement } });
  const oneTrust = { provider: 'oneTrust', consents: ['ads', 'stats'] };
  const ketch = { provider: 'ketch', consents: ['ads', 'stats'] };
  const custom = (resolutionStrategy?: 'and' | 'or') => ({
    ...oneTrust,
    provider: 'custom',
    resolutionStrategy,
  });
  const gets = (consentManagement: Json, ...settings: NonNullable<RoutingSettings['consentManagement']>) => {
    const withheld = detail({ consentManagement: settings }, management(consentManagement));
    if (withheld !== undefined) expect(withheld.reason).toBe('consent');
    return withheld === undefined;
  };

  it.each<readonly [readonly string[], string | undefined, boolean]>([
    [['ads'], 'and', false],
    [['ads'], undefined, false],
    [['ads'], 'any', false],
    [['ads'], 'or', true],
    [['ads', 'stats'], 'or', false],
    [['stats', 'ads', 'more'], 'or', false],
    [['more'], 'and', true],
    [[], 'and', true],
    [['', ''], 'and', true],
  ])('denied %j, strategy %s of the event: %s', (deniedConsentIds, strategy, expected) => {
    const said = {
      provider: 'oneTrust',
      deniedConsentIds,
      ...(strategy && { resolutionStrategy: strategy }),
    };
    expect(gets(said, oneTrust)).toBe(expected);
  });

  it('of the provider "custom" goes by the strategy of the destination', () => {
    const said = (resolutionStrategy: string) =>
      ({ provider: 'custom', deniedConsentIds: ['ads'], resolutionStrategy }) as const;
    expect(gets(said('or'), custom('and'))).toBe(false);
    expect(gets(said('or'), custom())).toBe(false);
    expect(gets(said('and'), custom('or'))).toBe(true);
  });

  it('is not asked of a provider that the destination does not name', () => {
    expect(gets({ provider: 'iubenda', deniedConsentIds: ['ads'] }, oneTrust, custom())).toBe(true);
  });

  it('of an event that names no provider is OneTrust’s, or else Ketch’s, as older SDKs have it', () => {
    const said = { deniedConsentIds: ['ads'], resolutionStrategy: 'or' };
    expect(gets(said, ketch, oneTrust)).toBe(false);
    expect(gets(said, ketch)).toBe(true);
    expect(gets({ deniedConsentIds: ['ads', 'stats'] }, ketch)).toBe(false);
    expect(gets(said, custom('and'))).toBe(true);
    expect(gets({ ...said, provider: 5 }, oneTrust)).toBe(false);
  });

  it.each<Json>([
    null,
    [],
    'ads',
    {},
    { provider: 'oneTrust' },
    { provider: 'oneTrust', deniedConsentIds: 'ads' },
    { provider: 'oneTrust', deniedConsentIds: { ads: true } },
    { provider: 'oneTrust', deniedConsentIds: [['ads'], null, 1] },
  ])('that was not denied in a way that can be read: %j', (said) => {
    expect(gets(said, oneTrust)).toBe(true);
  });

  it('is read from an object alone', () => {
    for (const context of [null, 'context', [], 5])
      expect(detail({ consentManagement: [oneTrust] }, event({ context }))).toBeUndefined();
  });

  it('says which consents are missing', () => {
    const said = management({ provider: 'oneTrust', deniedConsentIds: ['ads', 'more'] });
    expect(detail({ consentManagement: [oneTrust] }, said)).toEqual({
      reason: 'consent',
      detail: 'the user denied ads; all of ads, stats must be allowed',
    });
  });
});

describe('an event and what the transform made of it', () => {
  const consentManagement = [{ provider: 'oneTrust', consents: ['ads'] }];
  const denied = event({
    context: { consentManagement: { provider: 'oneTrust', deniedConsentIds: ['ads'] } },
  });
  const refused = event({ integrations: { crm: false } });

  it('a transform cannot lift what the user or the sender refused', () => {
    expect(detail({ consentManagement }, denied, event({}))?.reason).toBe('consent');
    expect(detail({}, refused, event({ integrations: { All: true } }))?.reason).toBe('integrations');
  });

  it('a transform may refuse', () => {
    expect(detail({ consentManagement }, event({}), denied)?.reason).toBe('consent');
    expect(detail({}, event({}), refused)?.reason).toBe('integrations');
  });

  it('the filter is asked of the output alone', () => {
    const filter = { plan: 'pro' };
    expect(detail({ filter }, event({}), event({ plan: 'pro' }))).toBeUndefined();
    expect(detail({ filter }, event({ plan: 'pro' }), event({}))).toEqual({
      reason: 'filter',
      detail: 'its filter does not match',
    });
  });

  it('the first reason is given: integrations, consent, filter', () => {
    const settings = { consentManagement, filter: { plan: 'pro' } };
    expect(detail(settings, { ...denied, ...refused })?.reason).toBe('integrations');
    expect(detail(settings, denied)?.reason).toBe('consent');
    expect(detail(settings, event({}))?.reason).toBe('filter');
  });
});
