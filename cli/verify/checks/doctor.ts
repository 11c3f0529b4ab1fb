/** Check 10: what the doctor finds at the stack, its alarms' metrics among it. By now there was traffic to write them. */
import type { CheckResult } from '../../doctor/run.ts';
import { failed, notChecked, passed, type Outcome } from '../outcome.ts';
import type { Check } from '../world.ts';

/** It is about a directory, and not about the stack. */
const ELSEWHERE = 'whether the configuration here is what is deployed: npx sluice doctor --stack';

/** Pure. */
export const judgeDoctor = (results: readonly CheckResult[]): Outcome => {
  const problems = results.flatMap(({ finding }) => (finding.result === 'wrong' ? finding.problems : []));
  const unmade = results.flatMap(({ title, finding }) => {
    if (finding.result === 'not checked') return [`${title}: ${finding.why}`];
    return finding.result === 'fine' ? (finding.notChecked ?? []) : [];
  });
  const count = (wanted: string): number => results.filter(({ finding }) => finding.result === wanted).length;
  const figures = { fine: count('fine'), wrong: count('wrong') };
  if (problems.length > 0)
    return failed(
      problems.map(({ what }) => what).join('; '),
      problems.map(({ fix }) => fix).join('; '),
      figures,
    );
  return figures.fine === 0 ? notChecked(unmade.join('; ')) : passed(figures, [...unmade, ELSEWHERE]);
};

export const doctor: Check = {
  number: 10,
  title: "quotas, secrets, subscriptions, queues; every alarm's metric and dimensions exist",
  run: async ({ examineStack }) =>
    examineStack === undefined
      ? notChecked('the local run is not AWS; npx sluice doctor says what there is to say of it')
      : judgeDoctor(await examineStack()),
};
