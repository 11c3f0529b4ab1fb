/** The script of a page with RudderStack's SDK, unmodified from npm, with its plugins bundled, so that nothing is loaded from a CDN. */
import { RudderAnalytics, type LoadOptions } from '@rudderstack/analytics-js/bundled';

export interface RudderStackSettings {
  readonly writeKey: string;
  readonly dataPlaneUrl: string;
  readonly options: Partial<LoadOptions>;
  /** The page contains the answer of `GET /sourceConfig/`; without it the SDK requests it. */
  readonly inlineConfig: boolean;
}

declare global {
  interface Window {
    rudder: RudderAnalytics;
  }
}

const { writeKey, dataPlaneUrl, options, inlineConfig } = window.settings as RudderStackSettings;
const getSourceConfig = () => ({ source: { id: 'web', config: {}, destinations: [] } });

window.rudder = new RudderAnalytics();
window.sdk = window.rudder;
window.rudder.ready(() => {
  window.isReady = true;
});
window.rudder.load(writeKey, dataPlaneUrl, {
  configUrl: dataPlaneUrl,
  loadIntegration: false,
  ...(inlineConfig ? { getSourceConfig } : {}),
  ...options,
});
