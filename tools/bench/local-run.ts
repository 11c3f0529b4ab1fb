/** The local run as the system under test: a process of its own, with empty data. */
import { fileURLToPath } from 'node:url';
import { LocalRun } from '../driver/local-run.ts';
import bench from './sluice.config.ts';
import type { System } from './system.ts';

export const localRun: System = {
  name: 'local run',
  start: async ({ destinations, hasTransform }) => {
    const run = new LocalRun({
      config: undefined,
      // To read what it says would be work for the processes that are measured, and for this one, which measures.
      apart: true,
      env: {
        SLUICE_CONFIG: fileURLToPath(new URL('sluice.config.ts', import.meta.url)),
        // The developer's own cache: the assemblies of a benchmark are the same each time.
        SLUICE_CACHE_DIR: '',
        BENCH_DESTINATIONS: destinations.join(' '),
        BENCH_TRANSFORM: hasTransform ? './transform.mjs' : '',
      },
    });
    const stop = async (): Promise<void> => {
      if (run.isRunning) await run.stop();
      await run.remove();
    };
    try {
      await run.start();
      const { dataPlaneUrl, pid } = run;
      return { dataPlaneUrl, pid, writeKey: bench.sources[0]?.writeKey ?? '', stop };
    } catch (error) {
      await stop();
      throw error;
    }
  },
};
