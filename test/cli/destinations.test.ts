/** `sluice destinations`: a destination of the catalogue, in the words of its own definition. */
import { describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import { describedText, listText } from '../../cli/views/destinations.ts';
import { checkActions } from '../../config/catalogue/index.ts';
import { describeDestination } from '../../config/catalogue/described.ts';
import { openLibrary } from '../../config/catalogue/library.ts';
import type { WrittenActions } from '../../config/destinations/actions.ts';
import { ROOT } from '../../local/common/settings.ts';

const plain = { colors: pc.createColors(false) };
const library = openLibrary(ROOT);
if (library === undefined) throw new Error('the catalogue is not installed');
const described = (name: string) => describeDestination(name, library);

it('lists what each needs', () => {
  const text = listText(
    [
      { name: 'amplitude', title: 'Actions Amplitude', starts: 'presets', access: 'settings' },
      { name: 'hubspot', title: 'HubSpot', starts: 'subscriptions', access: 'OAuth' },
    ],
    '3.497.0',
    plain,
  );
  expect(text.split('\n')).toEqual([
    "2 destinations of Segment's catalogue, version 3.497.0",
    '  amplitude  Actions Amplitude',
    '  hubspot    HubSpot  connected by OAuth, needs subscriptions',
    'npx sluice destinations <name> explains one',
  ]);
});

describe('explains', () => {
  it('settings, presets and actions', () => {
    const text = describedText(described('mixpanel'), plain);
    expect(text).toContain('  apiSecret     secret, required');
    expect(text).toContain('  Track Calls: type = "track" and event != "Order Completed" -> trackEvent');
    expect(text).toContain('  trackEvent  takes several events in a request');
    expect(text).toContain("    repetitions are recognized by insert_id, the event's messageId");
  });

  it('how it is connected, and the variables that its code reads', () => {
    expect(describedText(described('hubspot'), plain)).toContain('tokens in oauth, which are refreshed');
    expect(describedText(described('intercom'), plain)).toContain('which is not refreshed');
    expect(described('facebook-conversions-api').variables).toEqual(['ACTIONS_FB_CAPI_SYSTEM_USER_TOKEN']);
  });

  it.each(['amplitude', 'hubspot', 'slack', 'customerio', 'facebook-conversions-api'])(
    'what to write for %s, which is right',
    (name) => {
      const text = describedText(described(name), plain);
      const example = text.slice(text.indexOf('In the configuration\n') + 'In the configuration\n'.length);
      const { type, id, ...written } = JSON.parse(example) as WrittenActions & { type: string; id: string };
      expect([type, id]).toEqual(['actions', name]);
      expect(
        checkActions({ ...{ settings: {}, oauth: {}, env: {}, batch: 1 }, ...written }, library),
      ).toEqual([]);
    },
  );
});
