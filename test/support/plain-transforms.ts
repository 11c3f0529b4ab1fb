/** A transform without a thread: a plain function, for tests of what a stage does with its outputs and its crashes. */
import { toEvents } from '../../lambdas/core/event/outputs.ts';
import type { JsonObject, SluiceEvent } from '../../lambdas/core/event/event.ts';
import type {
  CaughtCrash,
  TransformJob,
  TransformRun,
  Transforms,
} from '../../lambdas/core/event/transform.ts';
import { describe } from '../../lambdas/sandbox/describe.ts';
import { toOutputs } from '../../lambdas/sandbox/outputs.ts';

/** May be async. Returns an event, a list of events, or null; what it throws is a crash. */
export type PlainTransform = (event: JsonObject) => unknown;

export interface PlainOptions {
  /** Milliseconds; see `Transforms`. Default: 0. */
  readonly timeout?: number;
  /** Milliseconds of a job's time that an event takes. Default: 0. */
  readonly takes?: number;
  /** How many events a job has time for, whatever its `time` is. Default: all. */
  readonly limit?: () => number;
  /** Called with `takes` for each event, so that a test's own clock advances. */
  readonly elapse?: (milliseconds: number) => void;
}

export interface PlainTransforms extends Transforms {
  /** The jobs that were run, in order. */
  readonly jobs: readonly TransformJob[];
}

const crashOf = (error: unknown, eventId: string): CaughtCrash => ({
  kind: 'throw',
  ...describe(error),
  eventId,
});

const eventsOf = async (fn: PlainTransform, event: SluiceEvent): Promise<readonly SluiceEvent[]> => {
  const { messageId } = event;
  const made = toEvents(toOutputs(await fn(structuredClone(event)), messageId), messageId);
  if (made === undefined) throw new Error(`toOutputs gave what toEvents cannot read, for ${messageId}`);
  return made;
};

/** @param fn called with a copy of each event */
export const plainTransforms = (
  fn: PlainTransform,
  { timeout = 0, takes = 0, limit = () => Infinity, elapse = () => undefined }: PlainOptions = {},
): PlainTransforms => {
  const jobs: TransformJob[] = [];
  return {
    timeout,
    jobs,
    run: async (job): Promise<TransformRun> => {
      jobs.push(job);
      const made: (readonly SluiceEvent[])[] = [];
      const most = limit();
      let left = job.time;
      for (const event of job.events) {
        if (left <= 0 || made.length >= most) return { made, ended: { kind: 'no time' } };
        left -= takes;
        elapse(takes);
        try {
          made.push(await eventsOf(fn, event));
        } catch (error) {
          return { made, ended: { kind: 'crash', crash: crashOf(error, event.messageId) } };
        }
      }
      return { made };
    },
    check: () => Promise.resolve(undefined),
  };
};

/** A transform that fails before it begins any event, and at every probe. */
export const failingTransforms = (failure: { readonly crash: CaughtCrash } | Error): Transforms => ({
  timeout: 0,
  run: () =>
    failure instanceof Error
      ? Promise.reject(failure)
      : Promise.resolve({ made: [], ended: { kind: 'crash', crash: failure.crash } }),
  check: () => (failure instanceof Error ? Promise.reject(failure) : Promise.resolve(failure.crash)),
});
