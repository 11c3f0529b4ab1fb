/** A sandbox as a stage's function has it, and the same module without one. */
import { trackEvent } from '../event.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { TransformRun } from '../../../lambdas/core/event/transform.ts';
import type { SandboxOptions } from '../../../lambdas/sandbox/options.ts';
import { Sandbox } from '../../../lambdas/sandbox/sandbox.ts';
import type { Place } from './protocol.ts';

const RECEIVED_AT = '2026-01-01T00:00:00.000Z';
/** The time of a job; milliseconds. */
const MINUTE = 60_000;

/** @param module the URL of the user's module @param options where they differ from a stage's defaults */
export const openSandbox = (
  { shell }: Place,
  module: string,
  options: Partial<SandboxOptions> = {},
): Sandbox => {
  return new Sandbox({
    shell: new URL(shell),
    module: new URL(module),
    destination: 'bench',
    timeout: 5_000,
    loadTimeout: 8_000,
    memory: 128,
    processMemory: 512,
    env: {},
    secrets: () => Promise.resolve({}),
    onLog: () => undefined,
    onLate: () => undefined,
    onLeak: () => undefined,
    onAbandoned: () => undefined,
    ...options,
  });
};

/** @throws Error when the module does not load */
export const untilLoaded = async (sandbox: Sandbox): Promise<void> => {
  const crash = await sandbox.check();
  if (crash !== undefined) throw new Error(`the module does not load: ${crash.error}`);
};

export const runJob = (sandbox: Sandbox, events: readonly SluiceEvent[]): Promise<TransformRun> =>
  sandbox.run({ sourceId: 'bench', receivedAt: RECEIVED_AT, events, time: MINUTE });

/** Runs events through a transform. */
export type Run = (events: readonly SluiceEvent[]) => Promise<unknown>;

/** @throws Error when an event is not finished: what is measured then is not what it is called */
export const inSandbox =
  (sandbox: Sandbox): Run =>
  async (events) => {
    const { made, ended } = await runJob(sandbox, events);
    if (ended !== undefined) throw new Error(`a run ended early: ${JSON.stringify(ended)}`);
    return made;
  };

type Transform = (event: SluiceEvent, context: object) => unknown;

/** In this thread, with JSON in and out: what the thread costs is measured, and not what the text costs. */
export const direct = async (module: string): Promise<Run> => {
  const { default: transform } = (await import(module)) as { readonly default: Transform };
  return async (events) => {
    const made: unknown[] = [];
    for (const event of events) {
      const input = JSON.parse(JSON.stringify(event)) as SluiceEvent;
      const returned = transform(input, { source: 'bench', receivedAt: RECEIVED_AT });
      const output: unknown = returned instanceof Promise ? await returned : returned;
      made.push(JSON.parse(JSON.stringify(output)));
    }
    return made;
  };
};

export const someEvents = (count: number): readonly SluiceEvent[] =>
  Array.from({ length: count }, (_, i) => trackEvent(`bench:${i}`, i));
