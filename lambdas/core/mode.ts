/**
 * A stage's mode, as it is stored. A stage is shut while it or the system is degraded or held: it receives, keeps
 * what it has, and forwards nothing.
 */
import { isJsonObject } from './event.ts';

export interface Mode {
  readonly mode: 'normal' | 'degraded' | 'recovering';
  /** A person has stopped the stage, in whatever mode it is. */
  readonly held: boolean;
}

/** The mode of a stage of which nothing is stored. */
export const NORMAL: Mode = { mode: 'normal', held: false };

/** Fail safe: what cannot be read as a mode is degraded, so that nothing is forwarded on a guess. */
export const readMode = (item: unknown): Mode => {
  if (item === undefined) return NORMAL;
  if (!isJsonObject(item)) return { mode: 'degraded', held: false };
  const mode = item['mode'];
  const known = mode === 'normal' || mode === 'degraded' || mode === 'recovering';
  return { mode: known ? mode : 'degraded', held: item['held'] === true };
};

/** @param modes the stage's own and the system's; the stricter holds */
export const isShut = (modes: readonly Mode[]): boolean =>
  modes.some(({ mode, held }) => held || mode === 'degraded');
