/** Tracking plans in the assembly: validators next to the router's code, and nothing anywhere else. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { deployedPlan, withProperties } from '../support/plans.ts';
import { bundle } from './example.ts';
import {
  minimal,
  removeDirectories,
  resource,
  synthesize,
  temporaryDirectory,
  type Synthesized,
} from './synth.ts';

afterAll(removeDirectories);

const withPlan = (schema: object, more: object = {}) => {
  const baseDir = temporaryDirectory();
  writeFileSync(path.join(baseDir, 'web.json'), JSON.stringify({ events: [{ name: 'Paid', schema }] }));
  const sources = [{ id: 'web', writeKey: 'web-key', plan: { file: './web.json', ...more } }];
  return { baseDir, synthesized: synthesize({ ...minimal, baseDir, sources }) };
};

const assetOf = (synthesized: Synthesized, place: string): string => {
  const { Code } = resource(synthesized, `${place}/Function/Handler`).Properties as {
    Code: { S3Key: string };
  };
  return path.join(synthesized.app.outdir, `asset.${path.basename(Code.S3Key, '.zip')}`);
};
const plansIn = (synthesized: Synthesized): string =>
  readFileSync(path.join(assetOf(synthesized, 'Router'), 'plans.mjs'), 'utf8');

describe('a source with a plan', () => {
  it('adds its validators to the router, and nothing to ingest and to the destinations', () => {
    const plain = synthesize(minimal);
    const { synthesized, baseDir } = withPlan({ type: 'object' }, { onViolation: 'reject' });
    expect(bundle(synthesized, 'Router')).toMatchObject({
      plans: {
        web: {
          onViolation: 'reject',
          unplanned: 'allow',
          rules: [{ type: 'track', name: 'Paid', check: 'plan0check0' }],
        },
      },
    });
    expect(plansIn(synthesized)).toMatch(/export\s*\{.*plan0check0/s);
    for (const place of ['Ingest', 'Destination-crm'])
      expect(path.basename(assetOf(synthesized, place))).toBe(path.basename(assetOf(plain, place)));
    expect(bundle(plain, 'Router')).not.toHaveProperty('plans');
    expect(readdirSync(assetOf(plain, 'Router'))).not.toContain('plans.mjs');
    expect(synthesized.pipeline.inputs).toContain(path.join(baseDir, 'web.json'));
    // Nothing there becomes code from a text.
    expect(plansIn(synthesized)).not.toMatch(/new Function|\beval\b|require\(/);
  });

  it('is another version of the router when its schemas change', () => {
    const version = (schema: object) =>
      (bundle(withPlan(schema).synthesized, 'Router') as { codeVersion: string }).codeVersion;
    expect(version({ type: 'object' })).not.toBe(version({ type: 'object', required: ['event'] }));
  });
});

/** What `docs/tracking-plan.md` says. */
it('costs some KB, the code for patterns only where there is one, and little more in the package', async () => {
  const codeOf = async (events: readonly object[]): Promise<Uint8Array> =>
    (await deployedPlan(events)).module.code;
  const plain = await codeOf([{ name: 'Paid', schema: withProperties({ total: { type: 'number' } }) }]);
  const pattern = await codeOf([{ name: 'Paid', schema: withProperties({ code: { pattern: '^a' } }) }]);
  expect(plain.length).toBeLessThan(3_000);
  expect(pattern.length).toBeGreaterThan(100_000);
  expect(pattern.length).toBeLessThan(200_000);
  const names = Array.from({ length: 20 }, (_, i) => [`p${i}`, { type: 'string' }] as const);
  const schema = withProperties(Object.fromEntries(names));
  const large = await codeOf(Array.from({ length: 200 }, (_, i) => ({ name: `Event ${i}`, schema })));
  expect(large.length).toBeLessThan(1_500_000);
  expect(gzipSync(large).length).toBeLessThan(20_000);
});

it('a plan that is none is named with its key, its file and the path in it', () => {
  expect(() => withPlan({ properties: { total: { type: 'numbr' } } })).toThrow(
    'sources[0].plan.file: web.json: events[0].schema.properties.total.type: must be equal to one of the allowed values',
  );
});
