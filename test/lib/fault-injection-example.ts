/** Two destinations, with and without fault injection. */
import type { EventPipelineProps } from '../../lib/index.ts';
import { minimal, synthesize } from './synth.ts';

export const EXPERIMENT = 'AWS::FIS::ExperimentTemplate';
export const STAGES = ['Router', 'Destination-crm', 'Destination-lake'];

export const two: EventPipelineProps = {
  ...minimal,
  destinations: ['crm', 'lake'].map((id) => ({ id, type: 'webhook', url: `https://${id}.example.com` })),
};
export const off = synthesize({ ...two, faultInjection: false });
export const on = synthesize({ ...two, faultInjection: true });
