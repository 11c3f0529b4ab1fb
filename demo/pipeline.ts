/** The demo's pipeline: one source, one destination, a pager, and the versions of the transform that the story deploys. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PipelineConfig } from '../config/index.ts';
import { startLocalRun, type LocalRun } from '../local/run/run.ts';
import { ROOT } from '../local/common/settings.ts';

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

export interface Pipeline {
  readonly run: LocalRun;
  /** Deploys another version of the transform, as `cdk deploy` would. */
  deploy(version: keyof typeof TRANSFORMS): Promise<void>;
  close(): Promise<void>;
}

const configOf = (destination: string): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: WRITE_KEY }],
  destinations: [{ id: 'crm', type: 'webhook', url: destination }],
  transform: './transform.mjs',
  // Shorter than on AWS, so that the story takes two minutes. The thresholds are the defaults.
  timing: { routerTimeout: '10s', routerVisibility: '60s', maxBackoff: '2s', refusalDelay: '2s' },
  alerts: { pagerDuty: { secretName: PAGER_SECRET } },
});

/**
 * Starts the local run on data of its own, and on free ports.
 * @param onTrouble takes what the functions complain of
 */
export const startPipeline = async (
  destination: string,
  pager: string,
  onTrouble: (source: string, line: string) => void,
): Promise<Pipeline> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  const dataDir = join(dir, 'data');
  const write = (version: keyof typeof TRANSFORMS): Promise<void> =>
    writeFile(join(dir, 'transform.mjs'), `${TRANSFORMS[version]}\n`);
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'secrets.json'), JSON.stringify({ [PAGER_SECRET]: pager }));
  await writeFile(join(dir, 'sluice.config.json'), JSON.stringify(configOf(destination)));
  await write('first');
  const remove = () => rm(dir, { recursive: true, force: true, maxRetries: 10 });
  try {
    const run = await startLocalRun(
      {
        root: ROOT,
        port: 0,
        consolePort: 0,
        dataDir,
        configPath: join(dir, 'sluice.config.json'),
        cacheDir: join(dir, 'cache'),
        controlInterval: 5_000,
        concurrency: 6,
        checkTransforms: true,
      },
      onTrouble,
    );
    return {
      run,
      deploy: async (version) => {
        await write(version);
        const response = await fetch(`${run.consoleUrl}/api/redeploy`, { method: 'POST' });
        if (!response.ok) throw new Error(`the deployment failed: ${await response.text()}`);
      },
      close: async () => {
        await run.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
};
