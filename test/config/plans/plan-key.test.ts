/** `plan` of a source: which values are valid, and what a mistake is answered with. */
import { describe, expect, it } from '@jest/globals';
import { validateConfig } from '../../../config/index.ts';
import { resolvePlans } from '../../../config/plans/resolve.ts';
import type { PipelineConfig } from '../../../config/schema.ts';
import { minimal, mistakes } from '../mistakes.ts';

const withPlan = (plan: unknown, destination: object = {}): PipelineConfig =>
  ({
    sources: [{ id: 'web', writeKey: 'key', plan }],
    destinations: [{ ...minimal.destinations[0], ...destination }],
  }) as PipelineConfig;

it('is a path, or an object', () => {
  const valid = (plan: unknown) => validateConfig(withPlan(plan)).sources[0]?.plan;
  const file = './plans/web.json';
  expect(valid(file)).toEqual({ file, onViolation: 'mark', unplanned: 'allow' });
  expect(valid({ file, onViolation: { only: ['crm'] }, unplanned: 'violate' })).toEqual({
    file,
    onViolation: { only: ['crm'] },
    unplanned: 'violate',
  });
  expect(validateConfig(minimal).sources[0]).not.toHaveProperty('plan');
});

describe('a mistake', () => {
  const file = 'p.json';
  it.each<[unknown, string]>([
    [7, 'plan: expected the path of a tracking plan, or { file: "./plans/web.json", ... }'],
    [{}, 'plan.file: is missing'],
    [
      { file, onViolation: 'drop' },
      'plan.onViolation: expected "mark", "reject" or { only: ["<destination>"] }',
    ],
    [
      { file, onViolation: { only: [] } },
      'plan.onViolation.only: is empty; name a destination, or use "reject"',
    ],
    [{ file, unplanned: 'reject' }, 'plan.unplanned: "reject" is not a choice; use "allow" or "violate"'],
    [
      { file, onViolation: { only: ['lake'] } },
      'plan.onViolation.only[0]: there is no destination "lake"; the destinations are crm',
    ],
  ])('%j: %s', (plan, line) => {
    expect(mistakes(withPlan(plan))).toEqual([`sluice.config.ts: sources[0].${line}`]);
  });

  it('is a destination that does not take the source', () => {
    const config = withPlan({ file, onViolation: { only: ['crm'] } }, { sources: ['app'] });
    const sources = [...config.sources, { id: 'app', writeKey: 'other' }];
    expect(mistakes({ ...config, sources })).toEqual([
      'sluice.config.ts: sources[0].plan.onViolation.only[0]: the destination "crm" does not take the source "web"; add it to destinations[0].sources',
    ]);
  });

  it('is a file that is not there', () => {
    for (const [plan, key] of [
      ['./none.json', 'sources[0].plan'],
      [{ file: './none.json' }, 'sources[0].plan.file'],
    ] as const) {
      const written = withPlan(plan);
      const resolve = () => resolvePlans(validateConfig(written), written, '/nowhere', 'sluice.config.ts');
      expect(resolve).toThrow(`sluice.config.ts: ${key}: there is no file ./none.json in /nowhere`);
    }
  });
});
