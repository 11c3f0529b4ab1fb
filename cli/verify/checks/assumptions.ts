/** Check 12: what was read in AWS's documentation, with what the other checks have measured of it. It makes no request. */
import { ASSUMPTIONS } from '../assumptions.ts';
import { notChecked, passed, type Figures, type Outcome } from '../outcome.ts';
import type { Check, Shared } from '../world.ts';

/** Pure. @param results outcomes of the other checks, by their numbers */
export const judgeAssumptions = (results: Shared['results']): Outcome => {
  const figures: Record<string, Figures[string]> = {};
  const left: string[] = [];
  for (const { id, check, figure } of ASSUMPTIONS) {
    const outcome = check === undefined ? undefined : results.get(check);
    const value = outcome?.kind === 'passed' && figure !== undefined ? outcome.figures[figure] : undefined;
    if (value === undefined) left.push(id);
    else figures[id] = value;
  }
  const unmeasured = `not measured: ${left.join(', ')} (docs/aws-assumptions.md)`;
  return Object.keys(figures).length === 0 ? notChecked(unmeasured) : passed(figures, [unmeasured]);
};

export const assumptions: Check = {
  number: 12,
  title: 'what was read and not measured',
  run: ({ isAws }, { results }) =>
    Promise.resolve(
      isAws
        ? judgeAssumptions(results)
        : notChecked('the local run is not AWS: what it does was written from the same documentation'),
    ),
};
