/**
 * Every crash point of some stories: a story is told once to count its calls of AWS and of destinations, and then once for
 * each call and each way in which it can go wrong. Whatever the call, nothing may be lost, and nothing may overtake.
 */
import type { Mishap } from './invocation.ts';
import type { Plan } from './pipeline/plan.ts';
import { tell } from './pipeline/run.ts';
import { SCENARIOS } from './pipeline/scenarios.ts';

export const FATES = ['die before', 'die after', 'fault before', 'fault after'] as const;

export interface CrashPoints {
  readonly scenario: string;
  readonly calls: number;
  /** How many of them were made to fail. */
  readonly points: number;
  /** What went wrong at which of them. */
  readonly violations: readonly string[];
}

/** @param plan its chances are left out @param every 1: all of its calls; 10: each tenth, from `offset` on */
export const crashPoints = async (plan: Plan, every: number, offset = 0): Promise<CrashPoints> => {
  const { happened, totals, violation } = await tell(plan);
  const violations = violation === undefined ? [] : [`without a fault: ${violation}`];
  let points = 0;
  for (let call = 1 + offset; call <= totals.calls; call += every) {
    for (const fate of FATES) {
      points += 1;
      const mishaps: readonly (readonly [number, Mishap])[] = [...happened, [call, fate]];
      const told = await tell({ ...plan, mishaps });
      if (told.violation !== undefined) violations.push(`call ${String(call)}, ${fate}: ${told.violation}`);
    }
  }
  return { scenario: plan.name, calls: totals.calls, points, violations };
};

/** @returns whether all is well */
export const runAll = async (say: (line: string) => void, every: number): Promise<boolean> => {
  const results: CrashPoints[] = [];
  for (const plan of SCENARIOS) {
    const result = await crashPoints(plan, every);
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
