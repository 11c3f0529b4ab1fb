/** The script of a page with Segment's SDK, with its settings inline, so that no request goes to Segment. */
import { AnalyticsBrowser } from '@segment/analytics-next';
import type { Call } from './story.ts';

let segment: AnalyticsBrowser;

const sdk = {
  load: async (writeKey: string, url: string, settings: object): Promise<void> => {
    const apiHost = `${new URL(url).host}/v1`;
    segment = AnalyticsBrowser.load({
      writeKey,
      cdnSettings: {
        integrations: { 'Segment.io': { apiKey: writeKey, apiHost, protocol: 'http', ...settings } },
      },
    });
    await segment.ready();
  },

  say: (userId: string, calls: readonly Call[]): void => {
    for (const { type, message } of calls) {
      if (type === 'track') void segment.track(message.event, message.properties);
      if (type === 'page') void segment.page(message.name, message.properties);
      if (type === 'screen') void segment.screen(message.name, message.properties);
      if (type === 'identify') void segment.identify(userId, message.traits);
      if (type === 'group') void segment.group(message.groupId, message.traits);
      if (type === 'alias') void segment.alias(userId, message.previousId);
    }
  },
};

export type SegmentPage = typeof sdk;
Object.assign(globalThis, { sdk });
