/** A stage's process that has just started heeds the last words of the one before it. */
import { heed } from '../../../lambdas/core/stage/last-words.ts';
import type { StageQueue } from '../../../lambdas/core/stage/ports.ts';
import { gated } from '../../support/ports-gate.ts';
import { isSameCharge } from '../charges.ts';
import type { Environment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import type { Code } from './code.ts';
import { degradedMode, limitsOf, timing } from './config.ts';
import type { StageId } from './plan.ts';
import { noteOf } from './stage.ts';
import type { World } from './world.ts';

interface Starting {
  readonly stage: StageId;
  readonly code: Code;
  readonly invocation: Invocation;
  readonly environment: Environment;
  /** The stage's own. */
  readonly queue: StageQueue;
}

/** @param published gets pending publications: the function does not end before them */
export const startProcess = async (
  world: World,
  { stage, code: { version, starts }, invocation, environment: { lastDeath }, queue }: Starting,
  published: Promise<void>[],
): Promise<void> => {
  const { host, gate } = invocation;
  if (host.hasStarted) return;
  host.hasStarted = true;
  const words = host.words.take();
  if (starts === 'dies') {
    invocation.die('it dies while it starts');
    return new Promise(() => undefined);
  }
  if (words === undefined) return;
  const { watch, state, bug, faults } = world;
  world.log(() => `${invocation.name} of ${version} heeds ${JSON.stringify(words)}`);
  faults.count('last words: a death');
  const act = bug.heed?.(heed) ?? heed;
  await act(words, {
    stage: { name: stage },
    ports: {
      queue: gated(
        {
          ...queue,
          setVisibility: (messages, seconds) => {
            faults.count('last words: messages given back');
            watch.belongings.touched(messages, lastDeath);
            return queue.setVisibility(messages, seconds);
          },
        },
        'queue',
        gate,
      ),
      state: gated(
        {
          read: (of, query) => state.read(of, query),
          saveAttempt: async (of, id, attempt) => {
            // If it was charged before the attempt, only the death is recorded.
            if (!isSameCharge(attempt, state.attempts.get(id))) {
              faults.count('last words: a charge');
              watch.belongings.charged(id, lastDeath);
              watch.charges.heeded(id, lastDeath);
            }
            await state.saveAttempt(of, id, attempt);
          },
        },
        'state',
        gate,
      ),
      observe: (event) => {
        watch.observe(event, stage, invocation);
      },
    },
    mode: { note: noteOf(world, stage, invocation, published) },
    time: { clock: world.clockOf(invocation), backoff: timing, random: world.random },
    settings: degradedMode(world.plan.settings),
    landing: limitsOf(stage).landing,
  });
};
