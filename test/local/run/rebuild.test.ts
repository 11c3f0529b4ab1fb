/** New code for a function whose transform has changed: everything else of it stays. */
import { afterAll, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rebuild } from '../../../local/run/hot-swap.ts';
import type { FunctionSpec } from '../../../local/lambda/template.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'sluice-rebuild-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

it('keeps the configuration, and the validators of tracking plans', async () => {
  const codeDir = path.join(dir, 'asset.before');
  mkdirSync(codeDir);
  const config = { plans: { web: { onViolation: 'mark', unplanned: 'allow', rules: [] } } };
  writeFileSync(path.join(codeDir, 'bundle.json'), JSON.stringify({ codeVersion: 'before', ...config }));
  writeFileSync(path.join(codeDir, 'plans.mjs'), 'export const plan0check0 = () => true;\n');
  const file = path.join(dir, 'all.mjs');
  writeFileSync(file, 'export default (event) => event;\n');
  const transform = {
    handler: 'router' as const,
    file,
    key: 'transform',
    baseDir: dir,
    where: 'config',
    inputs: [file],
    memory: 1_024,
  };
  const { spec } = await rebuild({ spec: { codeDir } as FunctionSpec, transform }, dir, false);
  expect(spec.codeDir).not.toBe(codeDir);
  const read = (name: string): string => readFileSync(path.join(spec.codeDir, name), 'utf8');
  expect(JSON.parse(read('bundle.json'))).toMatchObject(config);
  expect(read('plans.mjs')).toContain('plan0check0');
  expect(read('transform.mjs')).toContain('export');
});
