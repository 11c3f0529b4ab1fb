/** The data directory of the local run that a command means. */
import { findDataDir } from '../local/run/find-run.ts';
import { readSettings } from '../local/common/settings.ts';

/** What `SLUICE_DATA_DIR` names, or that of the run that is found from the working directory. @throws UsageError when none is found, or several */
export const localDataDir = (): Promise<string> => {
  const cwd = process.cwd();
  const isNamed = (process.env['SLUICE_DATA_DIR'] ?? '') !== '';
  return findDataDir(isNamed ? readSettings(process.env, cwd).dataDir : undefined, cwd);
};
