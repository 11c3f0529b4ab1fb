/** Runs seeds over several processes. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Order, Report } from './worker.ts';
import { add, NOTHING } from './pipeline/totals.ts';
import type { Totals } from './pipeline/run.ts';

const CHUNK = 20;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** As one file, which runs twice as fast as its modules do through `tsx`. @returns its path, from where packages are found */
const bundleWorker = async (): Promise<string> => {
  const outfile = join(ROOT, 'node_modules', '.cache', 'sluice', 'simulation-worker.mjs');
  await build({
    entryPoints: [join(ROOT, 'test', 'simulation', 'worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    sourcemap: 'inline',
  });
  return outfile;
};

export interface SeedsResult {
  readonly told: number;
  readonly totals: Totals;
  /** The lowest seed with a violation. */
  readonly wrong?: NonNullable<Report['wrong']>;
}

/** @param progress called with the number of seeds that are done */
export const runSeeds = async (
  { from, seeds, jobs }: { readonly from: number; readonly seeds: number; readonly jobs: number },
  progress: (done: number) => void,
): Promise<SeedsResult> => {
  let next = from;
  let told = 0;
  let totals = NOTHING;
  const wrong: NonNullable<Report['wrong']>[] = [];
  const take = (): Order | undefined => {
    const count = Math.min(CHUNK, from + seeds - next);
    if (count <= 0 || wrong.length > 0) return undefined;
    const order = { from: next, count };
    next += count;
    return order;
  };
  const worker = await bundleWorker();
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(worker, { execArgv: ['--enable-source-maps'] });
      const send = (): void => {
        const order = take();
        if (order === undefined) child.disconnect();
        else child.send(order);
      };
      child.on('message', (report: Report) => {
        told += report.order.count;
        totals = add(totals, report.totals);
        if (report.wrong !== undefined) wrong.push(report.wrong);
        progress(told);
        send();
      });
      child.on('error', reject);
      child.on('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`a process of the simulation ended with ${String(code)}`));
      });
      send();
    });
  await Promise.all(Array.from({ length: jobs }, work));
  const [first] = wrong.sort((a, b) => a.seed - b.seed);
  return { told, totals, ...(first === undefined ? {} : { wrong: first }) };
};
