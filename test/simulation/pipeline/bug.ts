/** Where a bug can be planted: what the code is given can be replaced, before the code gets it. */
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import type { DrainDeps } from '../../../lambdas/core/drain.ts';
import type { IncomingMessage, QueueSender } from '../../../lambdas/core/ports.ts';
import type { RunnerDeps } from '../../../lambdas/core/runner-deps.ts';
import type { RouterDeps } from '../../../lambdas/router/route.ts';
import type { World } from './world.ts';

export type StageDeps = DrainDeps & RunnerDeps;

export interface Bug {
  /** Once, before anything happens: the stores are the same for all functions. */
  readonly world?: (world: World) => void;
  /** For each run of a stage's function. @param messages of its batch; none in a drain */
  readonly runner?: (deps: StageDeps, messages: readonly IncomingMessage[]) => StageDeps;
  readonly router?: (deps: RouterDeps, world: World) => RouterDeps;
  readonly control?: (deps: ControlDeps) => ControlDeps;
  /** What ingest sends with. */
  readonly ingest?: (sender: QueueSender) => QueueSender;
  /** Of all queues, seconds. */
  readonly visibility?: number;
}
