/** Tracking plans as they are deployed: compiled, bundled, and loaded as the router loads them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { validateConfig, type PipelineConfig } from '../../config/index.ts';
import type { OnViolation, PlanSettings, Validator } from '../../contract/plan.ts';
import { planModule, type PlanModule } from '../../lib/plan-module.ts';

export interface Deployed {
  readonly module: PlanModule;
  readonly settings: PlanSettings;
  readonly validators: Readonly<Record<string, Validator>>;
}

/** @param events of the plan's file */
export const deployedPlan = async (
  events: readonly object[],
  more: {
    readonly onViolation?: OnViolation;
    readonly unplanned?: 'allow' | 'violate';
    readonly file?: object;
  } = {},
): Promise<Deployed> => {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-plan-'));
  try {
    const file = path.join(directory, 'web.json');
    writeFileSync(file, JSON.stringify({ ...more.file, events }));
    const { onViolation = 'mark', unplanned = 'allow' } = more;
    const written = {
      sources: [{ id: 'web', writeKey: 'key', plan: { file, onViolation, unplanned } }],
      destinations: ['crm', 'lake'].map((id) => ({ id, type: 'webhook', url: `https://${id}.example.com/` })),
    } as PipelineConfig;
    const module = planModule(validateConfig(written), written, { baseDir: directory, where: 'config' });
    const settings = module?.settings['web'];
    if (module === undefined || settings === undefined) throw new Error('there is no plan');
    const built = path.join(directory, 'plans.mjs');
    writeFileSync(built, module.code);
    const validators = (await import(pathToFileURL(built).href)) as Deployed['validators'];
    return { module, settings, validators };
  } finally {
    rmSync(directory, { recursive: true });
  }
};

/** What an event `type` with `properties` of these looks like, as a schema. */
export const withProperties = (properties: object, ...required: string[]) => ({
  type: 'object',
  properties: { properties: { type: 'object', properties, required, additionalProperties: false } },
  required: ['properties'],
});
