/** A stage's transform in its sandbox, with what it prints, and what fails of it after its events were answered. */
import { existsSync } from 'node:fs';
import { BUNDLE_FILES, type TransformBundle } from '../../contract/bundle.ts';
import { METRICS } from '../../contract/metrics.ts';
import { failureOf } from '../core/stage/crash.ts';
import type { Clock } from '../core/base/clock.ts';
import type { LateCrashes } from '../../contract/modes.ts';
import { PASS_THROUGH, type Transforms } from '../core/event/transform.ts';
import { emitMetrics, log } from '../aws/log.ts';
import type { Secrets } from '../aws/secrets.ts';
import { failureFields } from './report.ts';
import type { StageLastWords } from './last-words-file.ts';
import { loadTimeoutIn, type LateFailure, type LogLine } from '../sandbox/options.ts';
import { Sandbox } from '../sandbox/sandbox.ts';

export interface UserCode {
  readonly transforms: Transforms;
  /** A thread of it does not end: the process should, when its work is done. */
  readonly hasAbandoned: boolean;
  /** Such a thread fills the memory: nothing should begin any more. */
  readonly isSpent: boolean;
  /** An invocation begins. */
  begin(): void;
  /** An invocation ends. @returns what has failed late since the last one, to be recorded */
  end(): Pick<LateCrashes, 'count' | 'last'> | undefined;
}

/** Of a stage without a transform: it starts no thread. */
export const NO_USER_CODE: UserCode = {
  transforms: PASS_THROUGH,
  hasAbandoned: false,
  isSpent: false,
  begin: () => undefined,
  end: () => undefined,
};

export interface UserCodeOptions {
  readonly stage: string;
  /** The destination's id; undefined in the router. */
  readonly destination: string | undefined;
  /** Undefined: the stage has no transform. */
  readonly bundle: TransformBundle | undefined;
  readonly codeVersion: string;
  /** The function's hard timeout; milliseconds. */
  readonly functionTimeout: number;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Where the files of the bundle are: next to the function's code. */
  readonly directory: string | URL;
  readonly lastWords: Pick<StageLastWords, 'abandoned'>;
}

/** Lines that an invocation passes on. */
const MAX_LINES = 200;

/** MB, as Lambda says it. */
const processMemory = (): number | undefined => {
  const size = Number(process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']);
  return size > 0 ? size : undefined;
};

const secretValues = async (
  secrets: Secrets,
  wanted: TransformBundle['secrets'],
): Promise<Readonly<Record<string, string>>> => {
  const names = Object.entries(wanted);
  if (names.length === 0) return {};
  const values = await secrets.read(names.map(([, { secretName }]) => secretName));
  return Object.fromEntries(names.map(([name, { secretName }]) => [name, values.get(secretName) ?? '']));
};

export const userCode = (options: UserCodeOptions): UserCode => {
  const { stage, destination, bundle, codeVersion, functionTimeout, secrets, clock, directory, lastWords } =
    options;
  const file = (name: string): URL => new URL(name, directory);
  if (bundle === undefined || !existsSync(file(BUNDLE_FILES.transform))) return NO_USER_CODE;

  let lines = 0;
  let late: { count: number; last: LateCrashes['last'] } | undefined;

  const onLog = ({ level, eventId, text, fields }: LogLine): void => {
    lines += 1;
    if (lines > MAX_LINES) return;
    log(level, text, {
      source: 'transform',
      stage,
      ...(eventId === undefined ? {} : { eventId }),
      ...(fields === undefined ? {} : { fields: JSON.parse(fields) as unknown }),
    });
  };
  const onLate = ({ eventId, error, stack }: LateFailure): void => {
    const failure = failureOf({
      kind: 'late',
      error,
      ...(stack === undefined ? {} : { stack }),
      ...(eventId === undefined ? {} : { eventId }),
    });
    const { kind, eventId: at } = failure;
    const fields = { stage, codeVersion, kind, eventId: at, ...failureFields(failure) };
    log('warn', 'code failed after its event had been answered', fields);
    emitMetrics({ [METRICS.stage]: stage }, { [METRICS.lateCrashes]: 1 });
    late = { count: (late?.count ?? 0) + 1, last: { ...failure, codeVersion, at: clock() } };
  };
  const onLeak = (events: number): void => {
    const { memory } = bundle;
    const message =
      "the transform's thread ran out of memory: an event in progress that needs it alone is charged; if none is, look for a leak";
    log('warn', message, { stage, codeVersion, events, memory });
  };
  const onAbandoned = (): void => {
    lastWords.abandoned();
    const message = 'a thread of the transform does not end: the process is replaced after this invocation';
    log('warn', message, { stage, codeVersion });
  };

  const sandbox = new Sandbox({
    shell: file(BUNDLE_FILES.sandbox),
    module: file(BUNDLE_FILES.transform),
    destination,
    timeout: bundle.timeout,
    loadTimeout: loadTimeoutIn(functionTimeout),
    memory: bundle.memory,
    processMemory: processMemory(),
    env: bundle.env,
    secrets: () => secretValues(secrets, bundle.secrets),
    onLog,
    onLate,
    onLeak,
    onAbandoned,
  });
  sandbox.start();

  return {
    transforms: sandbox,
    get hasAbandoned() {
      return sandbox.hasAbandoned;
    },
    get isSpent() {
      return sandbox.isSpent;
    },
    begin: () => {
      lines = 0;
    },
    end: () => {
      if (lines > MAX_LINES)
        log('warn', 'the transform printed more than is passed on', { stage, leftOut: lines - MAX_LINES });
      const taken = late;
      late = undefined;
      return taken;
    },
  };
};
