/** Configurations that several integration suites share. */
import type { PipelineConfig } from '../../config/index.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';

/** One source, `web`, and one destination, `crm`, which posts to `/crm` of the receiver. @param more further settings */
export const webhookPipeline = (
  receiver: Receiver,
  more: Omit<PipelineConfig, 'sources' | 'destinations'> = {},
): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: [{ id: 'crm', type: 'webhook', url: receiver.url('/crm') }],
  ...more,
});

/** The same pipeline with a transform in one of its stages: the router, or every destination. */
export const withTransform = (
  config: PipelineConfig,
  stage: 'router' | 'crm',
  transform: string,
): PipelineConfig =>
  stage === 'router'
    ? { ...config, transform }
    : { ...config, destinations: config.destinations.map((one) => ({ ...one, transform })) };
