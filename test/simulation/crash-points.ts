/**
 * Every crash point of some scenarios: a scenario runs once to count its calls to AWS and to destinations, and then once for
 * each call and each way in which that call can fail. Whichever call fails, no event may be lost or overtake another.
 */
import type { Mishap } from './invocation.ts';
import type { Plan } from './pipeline/plan.ts';
import { tell } from './pipeline/run.ts';
import { SCENARIOS } from './pipeline/scenarios.ts';

export const FATES = ['die before', 'die after', 'fault before', 'fault after'] as const;

export interface CrashPoints {
  readonly scenario: string;
  readonly calls: number;
  /** Number of calls that were made to fail. */
  readonly points: number;
  /** The violations, each with the call that failed. */
  readonly violations: readonly string[];
}

/** Which calls are made to fail. Default: all. */
export interface Choice {
  /** 1: every call that `counts` accepts; 10: every tenth, starting at `offset`. */
  readonly every?: number;
  readonly offset?: number;
  readonly fates?: readonly Mishap[];
  /** @param call `port.method` @param by the name of the invocation that makes it */
  readonly counts?: (call: string, by: string) => boolean;
}

/** @param plan its chances are ignored */
export const crashPoints = async (
  plan: Plan,
  { every = 1, offset = 0, fates = FATES, counts = () => true }: Choice = {},
): Promise<CrashPoints> => {
  const calls: { readonly call: string; readonly by: string }[] = [];
  const { happened, violation } = await tell(plan, {
    onCall: (call, { name }) => calls.push({ call, by: name }),
  });
  const violations = violation === undefined ? [] : [`without a fault: ${violation}`];
  const counted = calls.flatMap(({ call, by }, i) => (counts(call, by) ? [{ nth: i + 1, call, by }] : []));
  const chosen = counted.filter((_, i) => i >= offset && (i - offset) % every === 0);
  for (const { nth, call, by } of chosen) {
    for (const fate of fates) {
      const mishaps: readonly (readonly [number, Mishap])[] = [...happened, [nth, fate]];
      const told = await tell({ ...plan, mishaps });
      if (told.violation !== undefined)
        violations.push(`call ${String(nth)}, ${by} ${call}, ${fate}: ${told.violation}`);
    }
  }
  return { scenario: plan.name, calls: calls.length, points: chosen.length * fates.length, violations };
};

/** @returns whether there was no violation */
export const runAll = async (say: (line: string) => void, every: number): Promise<boolean> => {
  const results: CrashPoints[] = [];
  for (const plan of SCENARIOS) {
    const result = await crashPoints(plan, { every });
    results.push(result);
    const { scenario, calls, points, violations } = result;
    say(
      `${scenario}: ${String(calls)} calls, ${String(points)} crash points, ${String(violations.length)} violations`,
    );
    for (const violation of violations.slice(0, 5)) say(`  ${violation}`);
  }
  const sum = results.reduce((all, { points }) => all + points, 0);
  const wrong = results.reduce((all, { violations }) => all + violations.length, 0);
  say(`${String(results.length)} scenarios, ${String(sum)} crash points, ${String(wrong)} violations`);
  return wrong === 0;
};
