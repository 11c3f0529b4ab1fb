/** Control's run: reads every stage's mode, says it to the world, and brings the mappings in line with it. */
import type { Mode } from '../core/mode.ts';
import { reconcileMapping, type MappingChange, type MappingState } from '../core/reconcile.ts';

export interface Stage {
  readonly id: string;
  readonly mappingId: string;
  /** In normal mode. */
  readonly maxConcurrency: number;
}

export interface ControlDeps {
  /** The router's first: its mode is the system's. */
  readonly stages: readonly Stage[];
  /** In the order given. @throws InfraFault */
  readonly readModes: (stages: readonly string[]) => Promise<readonly Mode[]>;
  readonly mappings: {
    read(id: string): Promise<MappingState>;
    update(id: string, change: MappingChange): Promise<boolean>;
  };
  /** 1 unless the stage's mode is normal. */
  readonly gauge: (stage: string, degraded: 0 | 1) => void;
  readonly log: (level: 'info' | 'error', message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/**
 * A stage that fails must not keep the others from being reconciled: each is tried, and the run fails at the end.
 * @throws AggregateError of what failed, so that the function's error metric shows it
 */
export const runControl = async (deps: ControlDeps): Promise<void> => {
  const modes = await deps.readModes(deps.stages.map(({ id }) => id));
  const [system] = modes;
  if (system === undefined) return;
  const results = await Promise.allSettled(
    deps.stages.map(async (stage, i) => {
      const own = modes[i] ?? system;
      deps.gauge(stage.id, own.mode === 'normal' ? 0 : 1);
      const change = reconcileMapping(
        own,
        system,
        await deps.mappings.read(stage.mappingId),
        stage.maxConcurrency,
      );
      if (change === undefined) return;
      const done = await deps.mappings.update(stage.mappingId, change);
      deps.log('info', done ? 'mapping updated' : 'mapping in transition; left to the next run', {
        stage: stage.id,
        ...change,
      });
    }),
  );
  const errors = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} of ${results.length} stages failed`);
};
