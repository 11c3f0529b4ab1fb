import { describe, expect, it } from '@jest/globals';
import { runControl, type ControlDeps } from '../../../lambdas/control/control.ts';
import { InfraFault } from '../../../lambdas/core/ports.ts';
import { NORMAL } from '../../../lambdas/core/mode.ts';

const stages = ['router', 'crm', 'lake'].map((id) => ({
  id,
  mappingId: `mapping-${id}`,
  maxConcurrency: 10,
}));

const setUp = (overrides: Partial<ControlDeps> = {}) => {
  const updates: Record<string, unknown> = {};
  const gauges: Record<string, number> = {};
  const deps: ControlDeps = {
    stages,
    readModes: (ids) =>
      Promise.resolve(ids.map((id) => (id === 'crm' ? { mode: 'degraded', held: false } : NORMAL))),
    mappings: {
      read: () => Promise.resolve({ state: 'Enabled', maximumConcurrency: 10 }),
      update: (id, change) => Promise.resolve(Boolean((updates[id] = change))),
    },
    gauge: (stage, degraded) => (gauges[stage] = degraded),
    log: () => undefined,
    ...overrides,
  };
  return { deps, updates, gauges };
};

describe('control', () => {
  it('says each stage’s mode, and disables the mapping of the degraded one alone', async () => {
    const { deps, updates, gauges } = setUp();
    await runControl(deps);
    expect(gauges).toEqual({ router: 0, crm: 1, lake: 0 });
    expect(updates).toEqual({ 'mapping-crm': { enabled: false, maximumConcurrency: 10 } });
  });

  it('disables every mapping while the system is degraded', async () => {
    const readModes: ControlDeps['readModes'] = (ids) =>
      Promise.resolve(ids.map((id) => (id === 'router' ? { mode: 'degraded', held: false } : NORMAL)));
    const { deps, updates } = setUp({ readModes });
    await runControl(deps);
    expect(Object.keys(updates)).toEqual(['mapping-router', 'mapping-crm', 'mapping-lake']);
  });

  it('reconciles the others when one stage fails, and fails in the end', async () => {
    const read: ControlDeps['mappings']['read'] = (id) =>
      id === 'mapping-router'
        ? Promise.reject(new InfraFault('throttled'))
        : Promise.resolve({ state: 'Enabled', maximumConcurrency: 10 });
    const { deps, updates } = setUp();
    await expect(runControl({ ...deps, mappings: { ...deps.mappings, read } })).rejects.toThrow(
      '1 of 3 stages failed',
    );
    expect(Object.keys(updates)).toEqual(['mapping-crm']);
  });

  it('fails when the modes cannot be read, and changes nothing', async () => {
    const { deps, updates } = setUp({ readModes: () => Promise.reject(new InfraFault('DynamoDB is down')) });
    await expect(runControl(deps)).rejects.toThrow('DynamoDB is down');
    expect(updates).toEqual({});
  });
});
