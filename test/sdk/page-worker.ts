/** A service worker with RudderStack's SDK for service workers. It gets messages with their ids. */
import { Analytics, type ConstructorOptions } from '@rudderstack/analytics-js-service-worker';
import type { Call } from './story.ts';

let client: Analytics;

const sdk = {
  load: (writeKey: string, url: string, options: ConstructorOptions): void => {
    // It posts to exactly the given URL.
    client = new Analytics(writeKey, `${url}/v1/batch`, options);
  },

  say: (messages: readonly { readonly type: Call['type']; readonly message: object }[]): void => {
    const loosely = client as unknown as Record<Call['type'], (message: object) => unknown>;
    for (const { type, message } of messages) loosely[type](message);
    client.flush();
  },
};

export type WorkerScript = typeof sdk;
Object.assign(globalThis, { sdk });
