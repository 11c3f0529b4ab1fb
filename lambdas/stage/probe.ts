import { InfraFault } from '../core/base/faults.ts';
import type { ProbeAnswer } from '../core/stage/command.ts';
import { failureOf } from '../core/stage/crash.ts';
import { describeError, log } from '../aws/log.ts';
import { failureFields } from './report.ts';
import type { StageOptions } from './stage.ts';

/** A transform that does not load must not keep the function from saying so. */
export const probe = async ({
  code,
  stage,
  codeVersion,
}: Pick<StageOptions, 'code' | 'stage' | 'codeVersion'>): Promise<ProbeAnswer> => {
  try {
    const crash = await code.transforms.check();
    if (crash === undefined) return { ok: true, codeVersion };
    const { error, stack } = failureOf(crash);
    const fields = { stage, codeVersion, ...failureFields(crash) };
    log('error', 'a probe found that the transform does not load', fields);
    return { ok: false, codeVersion, error, ...(stack === undefined ? {} : { stack }) };
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    // AWS did not give its secrets, so nothing was learned of the code.
    log('warn', 'a probe could not try the transform', { stage, codeVersion, error: describeError(error) });
    return { ok: true, codeVersion };
  }
};
