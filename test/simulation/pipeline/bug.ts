/** Where a bug can be planted: each dependency of the code can be replaced before the code gets it. */
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import type { hold } from '../../../lambdas/core/stage/hold.ts';
import type { heed } from '../../../lambdas/core/stage/last-words.ts';
import type { RunnerDeps, RunnerPorts } from '../../../lambdas/core/stage/runner-deps.ts';
import type { IncomingMessage, QueueSender } from '../../../lambdas/core/base/messages.ts';
import type { Transforms } from '../../../lambdas/core/event/transform.ts';
import type { DeliverDeps } from '../../../lambdas/deliver/deliver.ts';
import type { RouterDeps } from '../../../lambdas/router/route.ts';
import type { StageLastWords } from '../../../lambdas/stage/last-words-file.ts';
import type { Thread } from './transforms.ts';
import type { World } from './world.ts';

export type Heed = typeof heed;
export type Hold = typeof hold;

export interface Bug {
  /** Called once, at the start: all functions share the stores. */
  readonly world?: (world: World) => void;
  /** For each run of a stage's function. @param messages of its batch; none in a drain */
  readonly runner?: (deps: RunnerDeps, messages: readonly IncomingMessage[]) => RunnerDeps;
  readonly router?: (deps: RouterDeps, world: World) => RouterDeps;
  readonly deliver?: (deps: DeliverDeps, world: World) => DeliverDeps;
  /** The ports of both kinds of stage. */
  readonly transforms?: (transforms: Transforms, thread: Thread) => Transforms;
  /** How a process writes its own last words. */
  readonly lastWords?: (words: StageLastWords) => StageLastWords;
  /** How a process reads those of the one before it. */
  readonly heed?: (heed: Heed) => Heed;
  /** Whether a batch is begun. */
  readonly hold?: (hold: Hold) => Hold;
  readonly control?: (deps: ControlDeps) => ControlDeps;
  /** What ingest sends with. */
  readonly ingest?: (sender: QueueSender) => QueueSender;
  /** Visibility timeout of all queues, seconds. */
  readonly visibility?: number;
}

export const withPorts = (deps: RunnerDeps, ports: Partial<RunnerPorts>): RunnerDeps => ({
  ...deps,
  ports: { ...deps.ports, ...ports },
});
