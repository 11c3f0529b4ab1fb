/**
 * `npm run emulate`: how far an emulator that others have written, moto, takes the pipeline: its CloudFormation makes the template's resources,
 * `sluice doctor` finds what is broken among them, each kind of destination delivers to it, and the suites of DynamoDB and SQS fail where they
 * are known to. Where moto is not installed it says so, and is done.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../local/common/settings.ts';
import { configuredApp, runApp } from '../../local/run/app.ts';
import { stacksOf } from '../../local/template/manifest.ts';
import { readTree } from '../../local/template/tree.ts';
import type { RawTemplate } from '../../local/template/nested.ts';
import { CONTEXT, deploy, SECRET } from './deploy.ts';
import { DAMAGED, damage, differences, examine, HEALTHY } from './doctor.ts';
import { startMoto } from './moto.ts';
import { runSuite, SUITES } from './suites.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const CONFIG = {
  sources: [{ id: 'web', writeKey: 'local-write-key' }],
  destinations: [
    {
      id: 'crm',
      type: 'webhook',
      url: 'https://crm.example.com/events',
      headers: { authorization: { secretName: SECRET } },
    },
  ],
};

const synthesize = async (directory: string, configPath: string): Promise<RawTemplate> => {
  const command = await configuredApp(ROOT);
  if (command === undefined) throw new Error('cdk.json has no app');
  const outdir = join(directory, 'cdk.out');
  await runApp({ command, cwd: ROOT, outdir, context: CONTEXT, env: { SLUICE_CONFIG: configPath } });
  const [stack] = await stacksOf(outdir);
  if (stack === undefined) throw new Error('the app has no stack');
  return (await readTree(stack)).template;
};

/** @returns what is not as it should be, a line each */
const emulate = async (url: string, directory: string): Promise<readonly string[]> => {
  const configPath = join(directory, 'sluice.config.json');
  await writeFile(configPath, JSON.stringify(CONFIG));
  const { status, made, leftOut } = await deploy(url, await synthesize(directory, configPath));
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);
  const there = sum(made.map(({ found }) => found));
  const all = sum([...made.map(({ wanted }) => wanted), ...leftOut.values()]);
  say(`\nCloudFormation: ${status}, ${there} of ${all} resources`);
  for (const { type, wanted, found } of made) say(`  ${type}: ${found} of ${wanted}`);
  for (const [type, count] of leftOut)
    say(`  ${type}: ${count} left out: moto does not know them, or what they refer to`);
  const wrong = [
    ...(status === 'CREATE_COMPLETE' ? [] : [`the stack is ${status}`]),
    ...made.flatMap(({ type, wanted, found }) =>
      wanted === found ? [] : [`${type}: ${found} of ${wanted}`],
    ),
  ];

  const healthy = await examine(url, configPath);
  say(`\nsluice doctor: ${JSON.stringify(healthy)}`);
  await damage(url);
  const damaged = await examine(url, configPath);
  say(`with a queue and a secret broken: ${JSON.stringify(damaged)}`);
  say('alarms, the role for logs, the quota and the whole template are what moto does not know');
  wrong.push(...differences(healthy, HEALTHY), ...differences(damaged, DAMAGED));

  say('');
  for (const suite of SUITES) {
    const { passed, failed } = await runSuite(suite, url, directory);
    say(
      `${suite.name}: ${passed} of ${passed + failed} tests pass; at most ${suite.known} are known to fail`,
    );
    if (passed === 0 || failed > suite.known) wrong.push(`${suite.name}: ${failed} tests fail`);
  }
  return wrong;
};

// A word of the SDK to those who deploy with it.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const moto = await startMoto();
if (moto === undefined) {
  say(
    "Nothing was checked: there is no moto_server here. It comes with Python: pip install 'moto[server]==5.2.1'",
  );
} else {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-emulate-'));
  try {
    const wrong = await emulate(moto.url, directory);
    say(
      wrong.length === 0
        ? '\nAs expected.'
        : `\nNot as expected:\n${wrong.map((line) => `  ${line}`).join('\n')}`,
    );
    if (wrong.length > 0) process.exitCode = 1;
  } finally {
    await moto.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
