/** The local run as the system under test: a process of its own, with empty data. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endLocalRun, spawnLocalRun, untilReady } from './local-process.ts';
import bench from './sluice.config.ts';
import type { System } from './system.ts';

export const localRun: System = {
  name: 'local run',
  start: async ({ destinations, hasTransform }) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
    const logFile = join(dataDir, 'local-run.log');
    const child = spawnLocalRun({
      dataDir,
      logFile,
      configPath: fileURLToPath(new URL('sluice.config.ts', import.meta.url)),
      env: {
        BENCH_DESTINATIONS: destinations.join(' '),
        BENCH_TRANSFORM: hasTransform ? './transform.mjs' : '',
      },
    });
    // When this process ends on the way to a `stop`, the local run must not stay behind.
    const kill = (): void => void child.kill('SIGTERM');
    process.once('exit', kill);
    const stop = async (): Promise<void> => {
      await endLocalRun(child);
      process.off('exit', kill);
      await rm(dataDir, { recursive: true, force: true });
    };
    try {
      const { dataPlaneUrl, pid } = await untilReady(child, { dataDir, logFile });
      return { dataPlaneUrl, pid, writeKey: bench.sources[0]?.writeKey ?? '', stop };
    } catch (error) {
      await stop();
      throw error;
    }
  },
};
