/** The script of a page with RudderStack's SDK, unmodified from npm, that sends the events it gets. */
import { RudderAnalytics, type LoadOptions } from '@rudderstack/analytics-js/bundled';
import type { Call } from './story.ts';

const rudder = new RudderAnalytics();

const sdk = {
  /** Resolves when the SDK has its configuration. */
  load: (writeKey: string, url: string, options: Partial<LoadOptions>): Promise<void> =>
    new Promise((ready) => {
      rudder.ready(() => ready());
      rudder.load(writeKey, url, { configUrl: url, loadIntegration: false, ...options });
    }),

  say: (userId: string, calls: readonly Call[]): void => {
    for (const { type, message } of calls) {
      if (type === 'track') rudder.track(message.event, message.properties);
      if (type === 'page') rudder.page(message.name, message.properties);
      if (type === 'identify') rudder.identify(userId, message.traits);
      if (type === 'group') rudder.group(message.groupId, message.traits);
      if (type === 'alias') rudder.alias(userId, message.previousId);
    }
  },
};

export type RudderStackPage = typeof sdk;
Object.assign(globalThis, { sdk });
