/** The SDKs for servers: they get messages with their ids, and send them in lists. */
import ExpoAnalytics from '@expo/rudder-sdk-node';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { Analytics as SegmentAnalytics } from '@segment/analytics-node';
import { tellStory, type Device } from './drive.ts';
import type { Recorder } from './recorder.ts';
import { ANONYMOUS_ID, USER_ID, WRITE_KEY, type Call } from './story.ts';

/** Their common part; each SDK has stricter types. */
type Client = Readonly<Record<Call['type'], (message: object) => unknown>> & {
  readonly flush: () => unknown;
};

/** For one device: both ids are set as soon as both are known. */
export const identified = ({ message }: Call, isKnown: boolean): object => ({
  anonymousId: ANONYMOUS_ID,
  ...(isKnown ? { userId: USER_ID } : {}),
  ...message,
});

export const serverDevice = (client: Client): Device => ({
  retries: true,
  say: async (calls, isKnown) => {
    for (const call of calls) client[call.type](identified(call, isKnown));
    await client.flush();
  },
});

const variant = (recorder: Recorder, name: string, client: object): Promise<void> => {
  recorder.variant = name;
  return tellStory(recorder, serverDevice(client as Client));
};

const urlOf = ({ port }: Recorder): string => `http://127.0.0.1:${port}`;

export const recordRudderNode = async (recorder: Recorder): Promise<void> => {
  const options = { dataPlaneUrl: urlOf(recorder), logLevel: 'none' };
  await variant(recorder, 'defaults', new RudderAnalytics(WRITE_KEY, options));
  await variant(recorder, 'without gzip', new RudderAnalytics(WRITE_KEY, { ...options, gzip: false }));
};

export const recordExpoNode = (recorder: Recorder): Promise<void> =>
  // It posts to exactly the given URL.
  variant(recorder, 'defaults', new ExpoAnalytics.default(WRITE_KEY, `${urlOf(recorder)}/v1/batch`));

export const recordSegmentNode = (recorder: Recorder): Promise<void> =>
  variant(recorder, 'defaults', new SegmentAnalytics({ writeKey: WRITE_KEY, host: urlOf(recorder) }));
