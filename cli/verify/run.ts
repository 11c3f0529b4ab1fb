/** Makes the checks one after another, and leaves the canary as it was. */
import { messageOf } from '../failure.ts';
import { settle } from './checks/preflight.ts';
import { failed, notChecked, seconds, type Outcome } from './outcome.ts';
import type { Check, Shared, World } from './world.ts';

export interface CheckResult {
  readonly number: number;
  readonly title: string;
  readonly outcome: Outcome;
  readonly seconds: number;
}

export interface VerifyOptions {
  readonly checks: readonly Check[];
  /** Numbers of those that are not made. The first is made anyway. */
  readonly skip: readonly number[];
  readonly onResult: (result: CheckResult) => void;
}

/** Milliseconds. What is not delivered by then is delivered later, without this command. */
const SETTLED_WITHIN = 60_000;

/** That a check cannot be made is a finding, too: the others are made. */
const outcomeOf = (check: Check, world: World, shared: Shared): Promise<Outcome> =>
  check
    .run(world, shared)
    .catch((error: unknown) =>
      failed(`it could not be made: ${messageOf(error)}`, `see ${world.command('status')}, and verify again`),
    );

export const runChecks = async (
  world: World,
  { checks, skip, onResult }: VerifyOptions,
): Promise<readonly CheckResult[]> => {
  const shared: Shared = { writeKey: '', pipelineStartedAt: 0, results: new Map(), skip };
  const results: CheckResult[] = [];
  let isReady = true;
  for (const check of checks) {
    const { number, title } = check;
    const start = world.clock();
    const isFirst = results.length === 0;
    const outcome: Outcome =
      skip.includes(number) && !isFirst
        ? notChecked('it was skipped')
        : isReady
          ? await outcomeOf(check, world, shared)
          : notChecked('the preflight failed');
    if (isFirst) isReady = outcome.kind === 'passed';
    const result = { number, title, outcome, seconds: seconds(world.clock() - start) };
    results.push(result);
    shared.results.set(number, outcome);
    onResult(result);
  }
  // Nothing is changed where there is no canary, or where an operator holds it. What fails here has failed in a check before.
  if (isReady) await settle(world, shared, SETTLED_WITHIN).catch(() => undefined);
  return results;
};

export const isPassed = (results: readonly CheckResult[]): boolean =>
  results.every(({ outcome }) => outcome.kind !== 'failed');

/** What the data plane answers to strange requests is for an acceptance. */
export const NOT_IN_A_DRILL: readonly number[] = [2];
const DRILLED: readonly number[] = [3, 4, 5, 6, 8];

/** Nothing failed, and each check that makes a drill was made. */
export const isDrill = (results: readonly CheckResult[]): boolean =>
  isPassed(results) &&
  DRILLED.every((wanted) =>
    results.some(({ number, outcome }) => number === wanted && outcome.kind === 'passed'),
  );
