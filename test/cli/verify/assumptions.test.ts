/** The list of what was read and not measured: the page and the code have the same, and each check reports what it measured. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ASSUMPTIONS } from '../../../cli/verify/assumptions.ts';
import { CHECKS } from '../../../cli/verify/checks.ts';
import { judgeAssumptions } from '../../../cli/verify/checks/assumptions.ts';
import { failed, passed, type Outcome } from '../../../cli/verify/outcome.ts';
import { runChecks } from '../../../cli/verify/run.ts';
import { ROOT } from '../../../local/common/settings.ts';
import { FakePipeline } from './fake-pipeline.ts';

/** By id: the row's cells. */
const rows = new Map(
  readFileSync(join(ROOT, 'docs/aws-assumptions.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, id, ...cells] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      const [, name] = /^`([a-z-]+)`$/.exec(id ?? '') ?? [];
      return name === undefined ? [] : [[name, cells] as const];
    }),
);

describe('docs/aws-assumptions.md', () => {
  it('has those of the code, in the same order', () => {
    expect([...rows.keys()]).toEqual(ASSUMPTIONS.map(({ id }) => id));
  });

  it.each(ASSUMPTIONS.map((one) => [one.id, one] as const))(
    'says of %s where it was read, what leans on it, and which check measures it',
    (id, { code, check }) => {
      const [says = '', source = '', files = '', measured] = rows.get(id) ?? [];
      expect(says.length).toBeGreaterThan(20);
      expect(source.length).toBeGreaterThan(10);
      for (const file of code) {
        expect(existsSync(join(ROOT, file))).toBe(true);
        expect(files).toContain(`\`${file}\``);
      }
      expect(measured).toBe(check === undefined ? 'none' : String(check));
    },
  );
});

describe('check 12', () => {
  it('names a figure that its check really gives', async () => {
    const results = await runChecks(new FakePipeline().world(), {
      checks: CHECKS,
      skip: [],
      onResult: () => undefined,
    });
    const outcomes = new Map(results.map(({ number, outcome }) => [number, outcome]));
    for (const { check, figure = '' } of ASSUMPTIONS.filter((one) => one.check !== undefined))
      expect(outcomes.get(check ?? 0)).toHaveProperty(['figures', figure]);
  });

  it('has measured nothing where a check failed or was not made', () => {
    expect(judgeAssumptions(new Map())).toMatchObject({ kind: 'not checked' });
    const results = new Map<number, Outcome>([
      [3, passed({ deliveries: 2 })],
      [4, failed('lost', 'look', { deliveries: 199 })],
    ]);
    const outcome = judgeAssumptions(results);
    expect(outcome).toMatchObject({ kind: 'passed', figures: { deduplication: 2 } });
    expect(outcome).not.toHaveProperty(['figures', 'fifo-order']);
    expect(outcome).toMatchObject({ notChecked: [expect.stringContaining('fifo-order')] });
  });
});
