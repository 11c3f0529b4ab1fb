/**
 * `npm run lint:templates`: AWS's linter for CloudFormation, cfn-lint, on the templates of pipelines with 1, 30 and 100 destinations, nested
 * stacks included. Where cfn-lint is not installed it says so, and is done.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PipelineConfig } from '../../config/index.ts';
import { ROOT } from '../../local/common/settings.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { configuredApp, runApp } from '../../local/run/app.ts';

const SIZES = [1, 30, 100];
/** More go into nested stacks. */
const IN_ONE_STACK = 30;
/** The CDK makes functions depend on their roles, whose ARNs they name anyway. */
const IGNORED = 'W3005';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const configOf = (destinations: number): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: 'local-write-key' }],
  destinations: Array.from({ length: destinations }, (_, i) => ({
    id: `d${i}`,
    type: 'webhook',
    url: 'https://example.com',
    headers: { authorization: { secretName: 'token' } },
    ...(i < IN_ONE_STACK ? {} : { nestedStack: `n${Math.floor(i / IN_ONE_STACK)}` }),
  })),
  alerts: { emails: ['ops@example.com'] },
});

/** @returns undefined where there is no cfn-lint */
const versionOf = async (): Promise<string | undefined> => {
  try {
    const { code, stdout } = await runProcess('cfn-lint', ['--version']);
    return code === 0 ? stdout.trim() : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** @returns whether the linter has nothing to say */
const lint = async (command: string, directory: string, destinations: number): Promise<boolean> => {
  const configPath = join(directory, `${destinations}.json`);
  const outdir = join(directory, `out-${destinations}`);
  await writeFile(configPath, JSON.stringify(configOf(destinations)));
  await runApp({ command, cwd: ROOT, outdir, env: { SLUICE_CONFIG: configPath } });
  const templates = (await readdir(outdir))
    .filter((name) => name.endsWith('.template.json'))
    .map((name) => join(outdir, name));
  const { code, stdout, stderr } = await runProcess('cfn-lint', [
    '--ignore-checks',
    IGNORED,
    '--',
    ...templates,
  ]);
  say(
    `${destinations} destinations, ${templates.length} templates: ${code === 0 ? 'nothing to say' : `\n${stdout}${stderr}`}`,
  );
  return code === 0;
};

const version = await versionOf();
const command = await configuredApp(ROOT);
if (command === undefined) throw new Error('cdk.json has no app');
if (version === undefined) {
  say("Nothing was checked: there is no cfn-lint here. It comes with Python: pip install 'cfn-lint==1.51.0'");
} else {
  say(version);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-templates-'));
  try {
    for (const size of SIZES) if (!(await lint(command, directory, size))) process.exitCode = 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
