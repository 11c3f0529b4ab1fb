/** Check 9: AWS has refused the pipeline nothing since the checks began. */
import type { StageStatus } from '../../../contract/status.ts';
import { failed, passed, some, type Outcome } from '../outcome.ts';
import type { Check } from '../world.ts';

/** Pure. @param denied lines of the logs; undefined: they were not read @param since by the pipeline's clock */
export const judgeDenied = (
  stages: readonly Pick<StageStatus, 'id' | 'lastRefusal'>[],
  since: number,
  denied: readonly string[] | undefined,
): Outcome => {
  const refused = stages.flatMap(({ id, lastRefusal }) =>
    lastRefusal !== undefined && lastRefusal.at >= since ? [`${id}: ${lastRefusal.text}`] : [],
  );
  const figures = {
    refused: refused.length,
    ...(denied === undefined ? {} : { linesOfLogs: denied.length }),
  };
  const all = [...refused, ...(denied ?? [])];
  if (all.length > 0)
    return failed(
      `AWS has refused: ${some(all)}`,
      'give the permission back, or deploy the stack again: docs/permissions.md lists what each role needs',
      figures,
    );
  return passed(
    figures,
    denied === undefined
      ? [
          'the logs of CloudWatch: ask Logs Insights of the log groups of the stack for `filter @message like /AccessDenied/`',
        ]
      : [],
  );
};

export const denied: Check = {
  number: 9,
  title: 'no permission is missing',
  run: async ({ ask, deniedInLogs }, { pipelineStartedAt }) =>
    judgeDenied((await ask({ command: 'status' })).stages, pipelineStartedAt, await deniedInLogs?.()),
};
