/** The canary as a part of the configuration: a source and a destination of its own, which nobody writes (`lib/canary.ts`). */
import { CANARY } from '../contract/canary.ts';
import type { ResolvedConfig } from './schema.ts';

export const checkCanary = ({ canary, sources, destinations }: ResolvedConfig): string[] => {
  if (!canary) return [];
  const fix = `"${CANARY}" is the canary's own; use another id, or remove canary: true`;
  return [
    ...sources.flatMap(({ id }, i) => (id === CANARY ? [`sources[${i}].id: ${fix}`] : [])),
    ...destinations.flatMap(({ id }, i) => (id === CANARY ? [`destinations[${i}].id: ${fix}`] : [])),
  ];
};
