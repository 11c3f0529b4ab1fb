/** What is accepted and should be changed. */
import { deprecationsOf } from './deprecated.ts';
import { exposuresOf } from './exposures.ts';
import { slowPacesOf } from './pace.ts';
import type { PipelineConfig, ResolvedConfig } from './schema.ts';
import { unheardOf } from './unheard.ts';

export interface Warning {
  /** Unique among them. */
  readonly id: string;
  /** Begins with the path of the key. */
  readonly warning: string;
}

/** @param written what `config` was made of */
export const warningsOf = (written: PipelineConfig, config: ResolvedConfig): readonly Warning[] =>
  [
    { sort: 'deprecated', found: deprecationsOf(written) },
    { sort: 'exposed', found: exposuresOf(config) },
    { sort: 'unheard', found: unheardOf(config) },
    { sort: 'slow', found: slowPacesOf(config) },
  ].flatMap(({ sort, found }) => found.map(({ key, warning }) => ({ id: `${sort}-${key}`, warning })));
