/** An app is run as the CDK's CLI runs it. */
import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configuredApp, runApp } from '../../../local/run/app.ts';

const cwd = mkdtempSync(join(tmpdir(), 'sluice-app-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const APP = `const { mkdirSync, writeFileSync } = require('node:fs');
mkdirSync(process.env.CDK_OUTDIR);
const { CDK_CONTEXT_JSON: context, CDK_DEFAULT_REGION: region } = process.env;
writeFileSync(process.env.CDK_OUTDIR + '/got.json', JSON.stringify({ context: JSON.parse(context), region }));`;

it('with the context of cdk.json, what the CDK has looked up, and what is given, which wins', async () => {
  const command = `${process.execPath} app.cjs`;
  writeFileSync(join(cwd, 'app.cjs'), APP);
  writeFileSync(join(cwd, 'cdk.context.json'), '{"vpc":"looked up","both":"looked up"}');
  writeFileSync(join(cwd, 'cdk.json'), JSON.stringify({ app: command, context: { a: 1, b: 1, both: 1 } }));
  const outdir = join(cwd, 'out');
  await runApp({ command, cwd, outdir, context: { b: '2' }, env: { CDK_DEFAULT_REGION: 'eu-west-1' } });
  expect(JSON.parse(readFileSync(join(outdir, 'got.json'), 'utf8'))).toEqual({
    context: { vpc: 'looked up', a: 1, b: '2', both: 1 },
    region: 'eu-west-1',
  });
  expect(await configuredApp(cwd)).toBe(command);
  expect(await configuredApp(tmpdir())).toBeUndefined();
});
