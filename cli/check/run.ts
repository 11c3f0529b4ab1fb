/** Runs events through transforms, each in a process of its own. */
import { isDeepStrictEqual } from 'node:util';
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import {
  checkEnvironment,
  type CheckAnswer,
  type CheckedEvent,
  type CheckEvent,
  type CheckRequest,
  type CheckRun,
} from '../../contract/transform-check.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { readSecret, secretsFile } from '../../local/secrets-manager/service.ts';
import { CommandFailure } from '../failure.ts';
import type { CheckedPipeline, CheckedStage } from './pipeline.ts';

export interface StageRun extends CheckRun {
  /** Of the event: `track`, ... */
  readonly type?: string;
  /** The only output is the event as it was. */
  readonly unchanged: boolean;
}

/** What came of a stage's events. */
export interface StageCheck extends Omit<CheckAnswer, 'runs'> {
  readonly stage: string;
  readonly runs: readonly StageRun[];
  /** Of a destination: ids of the events that do not reach it, since the pipeline's transform filters them out or crashes. */
  readonly unreached?: readonly string[];
  /** How many of the events are what the transform had made already. */
  readonly transformed?: number;
  /** Records that hold no whole event. */
  readonly leftOut?: number;
}

export const hasCrashed = ({ load, runs, late }: StageCheck): boolean =>
  load !== undefined || late.length > 0 || runs.some(({ crash }) => crash !== undefined);

export interface Secrets {
  /** By the names of the secrets. */
  readonly values: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

/** The values that the local run has; those of AWS are not read. @throws CommandFailure when `secrets.json` is malformed */
export const readSecrets = async (stages: readonly CheckedStage[], dataDir: string): Promise<Secrets> => {
  const names = [...new Set(stages.flatMap(({ secrets }) => secrets))].sort();
  const values: Record<string, string> = {};
  for (const name of names) {
    const secret = await readSecret(dataDir, name);
    if (secret.kind === 'malformed')
      throw new CommandFailure(`${secret.reason}; correct ${secretsFile(dataDir)}`);
    if (secret.kind === 'found') values[name] = secret.value;
  }
  return { values, missing: names.filter((name) => !Object.hasOwn(values, name)) };
};

export type Run = (stage: CheckedStage, events: readonly CheckEvent[]) => Promise<StageCheck>;

/** @throws CommandFailure when the process ends without an answer: native code crashed */
export const runner =
  (program: string, secrets: Secrets['values']): Run =>
  async (stage, events) => {
    const { stdout, code, signal } = await runProcess(process.execPath, [program, stage.directory], {
      input: JSON.stringify({ events, secrets } satisfies CheckRequest),
      stderr: 'ignore',
      cwd: stage.directory,
      env: { ...process.env, ...checkEnvironment(stage.memoryMb) },
    });
    const how = signal ?? `code ${code ?? 0}`;
    const answer = stdout.trimEnd().split('\n').at(-1) ?? '';
    if (answer === '')
      throw new CommandFailure(
        `the process that ran the transform of ${stage.id} ended (${how}), which in a function would be a crash of kind "death"; ` +
          'to find the event, run fewer: --fixtures with one file',
      );
    const { runs, ...rest } = JSON.parse(answer) as CheckAnswer;
    return { stage: stage.id, ...rest, runs: runs.map((run, i) => stageRun(run, events[i]?.event)) };
  };

const stageRun = (run: CheckRun, event: CheckedEvent | undefined): StageRun => {
  const type = event?.['type'];
  return {
    ...run,
    ...(typeof type === 'string' ? { type } : {}),
    unchanged: isDeepStrictEqual(run.outputs, [event]),
  };
};

/**
 * Runs events as they come from an SDK. A destination gets what the pipeline's transform makes of them, as in the pipeline.
 * @param receivedAt ISO 8601
 */
export const runFromSdk = async (
  pipeline: CheckedPipeline,
  stages: readonly CheckedStage[],
  { events, receivedAt }: { readonly events: readonly CheckedEvent[]; readonly receivedAt: string },
  run: Run,
): Promise<readonly StageCheck[]> => {
  const router = pipeline.stages.find(({ id }) => id === ROUTER_STAGE);
  const from = (source: string, list: readonly CheckedEvent[]): CheckEvent[] =>
    list.map((event) => ({ event, source, receivedAt }));
  const routed = new Map<string, StageCheck>();
  const route = async (stage: CheckedStage, source: string): Promise<StageCheck> => {
    const known = routed.get(source) ?? (await run(stage, from(source, events)));
    routed.set(source, known);
    return known;
  };
  const checks: StageCheck[] = [];
  for (const stage of stages) {
    const { source } = stage;
    if (stage === router) checks.push(await route(router, source));
    else if (router === undefined) checks.push(await run(stage, from(source, events)));
    else {
      const { runs } = await route(router, source);
      const reaching = runs.flatMap(({ outputs = [] }) => outputs);
      // Where the router's transform does not load, there is no run of any event.
      const unreached = events.filter((_, i) => !runs[i]?.outputs?.length).map(({ messageId }) => messageId);
      checks.push({
        ...(await run(stage, from(source, reaching))),
        ...(unreached.length === 0 ? {} : { unreached }),
      });
    }
  }
  return checks;
};
