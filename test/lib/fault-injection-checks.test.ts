/** Fault injection in the app, in the local run and under cdk-nag. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { Validations } from 'aws-cdk-lib';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AwsSolutionsChecks, ServerlessChecks, type NagPack } from 'cdk-nag';
import { readAssembly } from '../../local/template/assembly.ts';
import { readStack } from '../../local/run/stack.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { EXPERIMENT, off, on, STAGES } from './fault-injection-example.ts';
import { PROJECT, removeDirectories, temporaryDirectory, type Synthesized } from './synth.ts';

afterAll(removeDirectories);

describe('the app', () => {
  const synthesizeApp = async (faultInjection: unknown) => {
    const outdir = temporaryDirectory();
    const ended = await runProcess(process.execPath, ['--import', 'tsx', 'bin/sluice.ts'], {
      cwd: PROJECT,
      env: {
        PATH: process.env['PATH'],
        CDK_OUTDIR: outdir,
        CDK_CONTEXT_JSON: JSON.stringify({ faultInjection }),
      },
    });
    return { ...ended, outdir };
  };

  it.each(['true', true])('takes it from the context: %j', async (value) => {
    const { code, outdir } = await synthesizeApp(value);
    expect(code).toBe(0);
    expect(readFileSync(path.join(outdir, 'Sluice.template.json'), 'utf8')).toContain(EXPERIMENT);
  });

  it('reports another value as a mistake', async () => {
    expect(await synthesizeApp('yes')).toMatchObject({
      code: 1,
      stderr: 'context faultInjection: "yes" is unknown; use true or false\n',
    });
  });
});

describe('the local run', () => {
  it('accepts the template, and has the same functions, without the extension', async () => {
    const read = async ({ app }: Synthesized) => {
      app.synth();
      return readStack(await readAssembly(app.outdir), 'http://127.0.0.1:9324');
    };
    const [plain, equipped] = await Promise.all([read(off), read(on)]);
    const strip = ({ functions, ...rest }: typeof plain) => ({
      ...rest,
      functions: functions.map(({ environment: variables, codeDir, ...its }) => ({
        ...its,
        asset: path.basename(codeDir),
        environment: Object.fromEntries(
          Object.entries(variables).filter(([name]) => !/^AWS_(FIS_|LAMBDA_EXEC_WRAPPER$)/.test(name)),
        ),
      })),
    });
    // Conditions of alarms are functions, which are never equal.
    expect(JSON.stringify(strip(equipped))).toBe(JSON.stringify(strip(plain)));
  });
});

describe('cdk-nag', () => {
  const findings = (checks: readonly NagPack[]) =>
    checks.flatMap((pack) =>
      pack
        .validateScope(on.app)
        .violations.flatMap(({ ruleName, violatingResources }) =>
          violatingResources.map(({ constructPath }) => `${ruleName} at ${String(constructPath)}`),
        ),
    );
  const packs = () => [new AwsSolutionsChecks(on.app), new ServerlessChecks(on.app)];

  it('reports nothing that is not acknowledged', () => {
    expect(findings(packs())).toEqual([]);
  });

  it('would report what is acknowledged here', () => {
    const all = packs();
    for (const pack of all) Reflect.set(pack, 'isAcknowledged', () => false);
    const found = findings(all);
    const acknowledged = on.pipeline.node.findAll().flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.keys(data as object))
        .map((id) => `${id.replace(/^annotation::/i, '')} at ${node.path}/`)
        .filter((text) => text.includes('FaultInjection') || text.includes('FisConfigs')),
    );
    // The bucket's log, the role's look-up of tags, and the folder: of the role and of each stage.
    expect(acknowledged).toHaveLength(3 + STAGES.length);
    for (const one of acknowledged) expect(found).toContainEqual(expect.stringContaining(one));
  });
});
