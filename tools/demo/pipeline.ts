/** The demo's pipeline: one source, one destination, a pager, and the versions of the transform that the story deploys. */
import type { PipelineConfig } from '../../config/index.ts';
import { LocalRun } from '../driver/local-run.ts';

export const WRITE_KEY = 'demo-write-key';
const PAGER_SECRET = 'pagerduty-integration-url';

/** What each version of the transform does, by name. */
export const TRANSFORMS = {
  first: `export default (event) => event;`,
  /** Three users' events have no name, and nobody thought of that. */
  careless: `export default (event) => ({ ...event, context: { name: event.traits.name.trim() } });`,
  /** A field was renamed here, and nowhere else. */
  broken: `export default (event) => ({ ...event, context: { name: event.profile.name.trim() } });`,
  fixed: `export default (event) => ({ ...event, context: { name: event.traits.name?.trim() ?? 'unknown' } });`,
} as const;

const TRANSFORM = 'transform.mjs';
const textOf = (version: keyof typeof TRANSFORMS): string => `${TRANSFORMS[version]}\n`;

const configOf = (destination: string): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: WRITE_KEY }],
  destinations: [{ id: 'crm', type: 'webhook', url: destination }],
  transform: `./${TRANSFORM}`,
  // Shorter than on AWS, so that the story takes two minutes. The thresholds are the defaults.
  timing: { routerTimeout: '10s', routerVisibility: '60s', maxBackoff: '2s', refusalDelay: '2s' },
  alerts: { pagerDuty: { secretName: PAGER_SECRET } },
});

/** The local run, not started yet. */
export const pipelineOf = (destination: string, pager: string): LocalRun =>
  new LocalRun({
    config: configOf(destination),
    files: { [TRANSFORM]: textOf('first') },
    secrets: { [PAGER_SECRET]: pager },
    // Ctrl-C is for the demo, which leaves nothing behind.
    apart: true,
    env: { SLUICE_CONTROL_SECONDS: '5', SLUICE_CONCURRENCY: '6' },
  });

/** Deploys another version of the transform, as `cdk deploy` would. @throws Error when it is refused */
export const deploy = async (run: LocalRun, version: keyof typeof TRANSFORMS): Promise<void> => {
  run.write(TRANSFORM, textOf(version));
  const response = await fetch(`${run.consoleUrl}/api/redeploy`, { method: 'POST' });
  if (!response.ok) throw new Error(`the deployment failed: ${await response.text()}`);
};
