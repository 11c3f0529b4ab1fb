/** The local run as the system under test: a process of its own, with empty data; of this checkout, or of another one beside it. */
import { readFileSync } from 'node:fs';
import type { PipelineConfig } from '../../config/index.ts';
import { LocalRun, type LocalRunOptions } from '../driver/local-run.ts';
import { closing } from './closing.ts';
import type { System } from './system.ts';

export const SOURCE = 'bench';
export const WRITE_KEY = 'bench-write-key';

const TRANSFORM = readFileSync(new URL('transform.mjs', import.meta.url), 'utf8');

export interface Pipeline {
  /** URLs. */
  readonly destinations: readonly string[];
  readonly hasTransform?: boolean;
  /** Further settings of each destination. */
  readonly settings?: Partial<Extract<PipelineConfig['destinations'][number], { type: 'webhook' }>>;
  /** Further settings of the pipeline. */
  readonly pipeline?: Pick<PipelineConfig, 'archive' | 'timing'>;
}

/** A local run that is not started yet. */
export const newLocalRun = (
  { destinations, hasTransform = false, settings = {}, pipeline = {} }: Pipeline,
  options: Pick<LocalRunOptions, 'root' | 'preload' | 'env'> = {},
): LocalRun => {
  const transform = hasTransform ? { transform: './transform.mjs' } : {};
  return new LocalRun({
    ...options,
    config: {
      ...pipeline,
      sources: [{ id: SOURCE, writeKey: WRITE_KEY }],
      ...transform,
      destinations: destinations.map((url, i) => ({
        id: `destination-${i + 1}`,
        type: 'webhook',
        url,
        ...transform,
        ...settings,
      })),
    },
    files: { 'transform.mjs': TRANSFORM },
    // To read what it says would be work for the processes that are measured, and for this one, which measures.
    apart: true,
  });
};

/** Starts it, and afterwards stops it and removes what it has, also when the benchmark is interrupted. */
export const whileUp = <T>(run: LocalRun, work: () => Promise<T>): Promise<T> =>
  closing(
    () => run.remove(),
    async () => {
      await run.start();
      try {
        return await work();
      } finally {
        await run.stop();
      }
    },
  );

/** @param root of another checkout. Default: this one */
export const localRun = (name: string, root?: string): System => ({
  name,
  sink: undefined,
  fits: () => true,
  start: async ({ urls, hasTransform }) => {
    const run = newLocalRun({ destinations: urls, hasTransform }, root === undefined ? {} : { root });
    const stop = async (): Promise<void> => {
      if (run.isRunning) await run.stop();
      await run.remove();
    };
    try {
      await run.start();
      const { dataPlaneUrl, pid } = run;
      return { dataPlaneUrl, pids: [pid], writeKey: WRITE_KEY, delivers: true, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  },
});
