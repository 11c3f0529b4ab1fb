/** Runs a CDK app that is not Sluice's own: any program that synthesizes when it is run, as the CDK's CLI runs it. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../common/settings.ts';
import { runProcess } from '../common/subprocess.ts';

export interface AppOptions {
  /** The app, as the `app` of a `cdk.json`: a command of the shell. */
  readonly command: string;
  /** Where it is run. */
  readonly cwd: string;
  /** Of the assembly; what was there is removed. */
  readonly outdir: string;
}

/** The context of `cdk.json`, where there is one: the CDK's CLI hands it to the app. */
const contextOf = async (cwd: string): Promise<Readonly<Record<string, unknown>>> => {
  const text = await readFile(join(cwd, 'cdk.json'), 'utf8').catch(() => '{}');
  return (JSON.parse(text) as { context?: Readonly<Record<string, unknown>> }).context ?? {};
};

/** The app's own words: the last lines of what it said. */
const LINES = 30;

/** @throws UsageError with the app's own words when it ends with an error, or synthesizes nothing */
export const runApp = async ({ command, cwd, outdir }: AppOptions): Promise<void> => {
  await rm(outdir, { recursive: true, force: true });
  const context = await contextOf(cwd);
  const { code, stdout, stderr } = await runProcess('/bin/sh', ['-c', command], {
    cwd,
    env: {
      // AWS's rules for templates are for those who deploy, and take seconds.
      CDK_VALIDATION: 'false',
      ...process.env,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify(context),
    },
  });
  if (code === 0) return;
  const said = `${stdout}${stderr}`.trim().split('\n').slice(-LINES).join('\n');
  throw new UsageError(`${command} ended with code ${String(code)}${said === '' ? '' : `:\n${said}`}`);
};
