import { resolveActions } from '../../config/catalogue/index.ts';
import type { ResolvedDestination } from '../../config/index.ts';
import type { ActionsSettings } from '../../contract/settings.ts';
import type { KindParts } from './kind-parts.ts';

type Actions = Extract<ResolvedDestination, { type: 'actions' }>;

const secretsIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const { secretName } = value as { secretName?: unknown };
  return typeof secretName === 'string' ? [secretName] : Object.values(value).flatMap(secretsIn);
};

/** @param baseDir of the project, which has the catalogue */
export const actionsParts = (written: Actions, baseDir: string): KindParts => {
  const { id, type, destination, oauth, env, sources, batch, maxConcurrency, enabled } = written;
  const settings: ActionsSettings = {
    id,
    type,
    destination,
    ...resolveActions(written, baseDir),
    oauth,
    env,
    ...(sources && { sources }),
    batch,
    maxConcurrency,
    enabled,
  };
  return {
    settings,
    secrets: [...new Set(secretsIn(settings))],
    environment: {},
    memory: 512,
    grant: () => undefined,
  };
};
