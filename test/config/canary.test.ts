/** `canary: true`: a source and a destination of their own, which no other event reaches. */
import { describe, expect, it } from '@jest/globals';
import { withCanary } from '../../lib/canary.ts';
import { validateConfig, type PipelineConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

const config = (change: Partial<PipelineConfig> = {}) =>
  validateConfig({
    ...minimal,
    sources: [
      { id: 'web', writeKey: 'web-key' },
      { id: 'app', writeKey: 'app-key' },
    ],
    destinations: [
      { id: 'crm', type: 'webhook', url: 'https://example.com' },
      { id: 'lake', type: 'webhook', url: 'https://example.com', sources: ['app'] },
    ],
    canary: true,
    ...change,
  });

describe('a canary', () => {
  it('is off by default, and then nothing changes', () => {
    const off = config({ canary: false });
    expect(validateConfig(minimal).canary).toBe(false);
    expect(withCanary(off, 'Sluice/Pipeline')).toEqual({ config: off });
  });

  it('has a source and a destination; the others get none of its events', () => {
    const { config: made, writeKey } = withCanary(config(), 'Sluice/Pipeline');
    expect(made.sources.at(-1)).toEqual({
      id: 'canary',
      enabled: true,
      orderBy: 'userId',
      writeKeys: [writeKey],
    });
    expect(made.destinations.map(({ id, type, sources }) => [id, type, sources])).toEqual([
      ['crm', 'webhook', ['web', 'app']],
      ['lake', 'webhook', ['app']],
      ['canary', 'canary', ['canary']],
    ]);
  });

  it('has a write key of its own: the same again, another in another pipeline', () => {
    const key = (pipeline: string) => withCanary(config(), pipeline).writeKey;
    expect(key('One/Pipeline')).toMatch(/^canary-[\w-]{32}$/);
    expect(key('One/Pipeline')).toBe(key('One/Pipeline'));
    expect(key('One/Pipeline')).not.toBe(key('Two/Pipeline'));
  });

  it('shares its id with nothing', () => {
    const clash = {
      ...minimal,
      canary: true,
      sources: [{ id: 'canary', writeKey: 'k' }],
      destinations: [{ ...minimal.destinations[0], id: 'canary' }],
    };
    const fix = '"canary" is the canary\'s own; use another id, or remove canary: true';
    expect(mistakes(clash)).toEqual([
      `sluice.config.ts: sources[0].id: ${fix}`,
      `sluice.config.ts: destinations[0].id: ${fix}`,
    ]);
    expect(() => validateConfig({ ...clash, canary: false })).not.toThrow();
  });
});
