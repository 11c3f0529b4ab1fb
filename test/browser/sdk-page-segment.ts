/** The script of a page with Segment's SDK, with its settings inline, so that no request goes to Segment. */
import { AnalyticsBrowser } from '@segment/analytics-next';

export interface SegmentSettings {
  readonly writeKey: string;
  /** Host, port and path, without the scheme. */
  readonly apiHost: string;
}

declare global {
  interface Window {
    segment: AnalyticsBrowser;
  }
}

const { writeKey, apiHost } = window.settings as SegmentSettings;

window.segment = AnalyticsBrowser.load({
  writeKey,
  cdnSettings: { integrations: { 'Segment.io': { apiKey: writeKey, apiHost, protocol: 'http' } } },
});
window.sdk = window.segment;
void window.segment.then(() => {
  window.isReady = true;
});
