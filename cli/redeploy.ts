/** Has the local run on this machine deploy again, as `cdk deploy` does on AWS. */
import type { CanaryVariant } from '../contract/canary.ts';
import { readRunFile } from '../local/run/run-file.ts';
import { UsageError } from '../local/common/settings.ts';
import { localDataDir } from './local-data-dir.ts';

export interface RedeployOptions {
  /** A transform that does not load is deployed as well. */
  readonly unchecked?: boolean;
  readonly canary?: CanaryVariant;
}

/** @returns warnings @throws UsageError when nothing was changed, or the deployment was interrupted */
export const redeployLocal = async ({
  unchecked = false,
  canary,
}: RedeployOptions): Promise<readonly string[]> => {
  const { consoleUrl } = await readRunFile(await localDataDir());
  const query = new URLSearchParams({
    ...(unchecked ? { unchecked: 'true' } : {}),
    ...(canary === undefined ? {} : { canary }),
  });
  const url = `${consoleUrl}/api/redeploy${query.size === 0 ? '' : `?${query.toString()}`}`;
  const response = await fetch(url, { method: 'POST' }).catch((error: unknown) => {
    throw new UsageError(`the local run does not answer at ${consoleUrl}; start it with npm start`, {
      cause: error,
    });
  });
  const { error, warnings = [] } = (await response.json()) as {
    error?: string;
    warnings?: readonly string[];
  };
  if (response.status === 422) throw new UsageError(`${error ?? 'refused'}\nNothing was changed.`);
  if (error !== undefined)
    throw new UsageError(`${error}\nThe deployment was interrupted. Run it again, or restart npm start.`);
  return warnings;
};
