/** A transform's sandbox as in a stage: the shell bundled to a file, next to the user's module. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll } from '@jest/globals';
import { buildSync } from 'esbuild';
import type { SluiceEvent } from '../../lambdas/core/event/event.ts';
import type { TransformJob, TransformRun } from '../../lambdas/core/event/transform.ts';
import type { LateFailure, LogLine, SandboxOptions } from '../../lambdas/sandbox/options.ts';
import { Sandbox } from '../../lambdas/sandbox/sandbox.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-sandbox-'));
const shell = join(directory, 'sandbox.mjs');
let isBuilt = false;
let modules = 0;
const open = new Set<Sandbox>();

afterAll(() => {
  for (const sandbox of open) sandbox.close();
  rmSync(directory, { recursive: true, force: true });
});

const build = (): void => {
  if (isBuilt) return;
  buildSync({
    entryPoints: [fileURLToPath(new URL('../../lambdas/sandbox/shell.ts', import.meta.url))],
    outfile: shell,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
  isBuilt = true;
};

export interface Tried {
  readonly sandbox: Sandbox;
  readonly logs: LogLine[];
  readonly late: LateFailure[];
  readonly leaks: number[];
  /** Runs a job; the time defaults to a minute. */
  readonly run: (events: readonly SluiceEvent[], job?: Partial<TransformJob>) => Promise<TransformRun>;
}

/** @param source of the user's module */
export const sandboxed = (source: string, options: Partial<SandboxOptions> = {}): Tried => {
  build();
  modules += 1;
  const module = join(directory, `transform-${String(modules)}.mjs`);
  writeFileSync(module, source);
  const logs: LogLine[] = [];
  const late: LateFailure[] = [];
  const leaks: number[] = [];
  const sandbox = new Sandbox({
    shell: pathToFileURL(shell),
    module: pathToFileURL(module),
    destination: undefined,
    timeout: 1_000,
    loadTimeout: 3_000,
    memory: 64,
    processMemory: undefined,
    env: {},
    // On a busy machine a thread takes its time to end, and is not one that runs on.
    endLimit: 10_000,
    secrets: () => Promise.resolve({}),
    onLog: (line) => void logs.push(line),
    onLate: (failure) => void late.push(failure),
    onLeak: (events) => void leaks.push(events),
    onAbandoned: () => undefined,
    ...options,
  });
  open.add(sandbox);
  return {
    sandbox,
    logs,
    late,
    leaks,
    run: (events, job = {}) =>
      sandbox.run({ sourceId: 'web', receivedAt: '2026-01-01T00:00:00.000Z', events, time: 60_000, ...job }),
  };
};

export const event = (messageId: string, more: object = {}): SluiceEvent => ({ messageId, ...more });
