/** Check 1: whether the pipeline is in a state in which the others mean something. */
import { ROUTER_STAGE } from '../../../contract/bundle.ts';
import { CANARY } from '../../../contract/canary.ts';
import type { StageStatus, StatusReport } from '../../../contract/status.ts';
import { CommandFailure } from '../../failure.ts';
import { failed, passed, type Outcome } from '../outcome.ts';
import { send, stageOf } from '../traffic.ts';
import { waitFor, type Check, type Shared, type World } from '../world.ts';

/** Milliseconds: what a run that was cut off has left is delivered first. */
const LEFT_BEHIND = 10 * 60_000;

const isEmpty = ({ mode, parkedKeys, queue }: StageStatus): boolean =>
  mode === 'normal' && parkedKeys === 0 && queue.visible + queue.inFlight === 0;

/** Pure. */
export const judgePreflight = ({ stages }: StatusReport): Outcome => {
  const figures = {
    stages: stages.length,
    notNormal: stages.filter(({ mode, held }) => mode !== 'normal' || held).length,
  };
  for (const id of [ROUTER_STAGE, CANARY]) {
    const { mode, held, parkedKeys, deadLetters, mapping, reason, queue } = stageOf(stages, id);
    if (held)
      return failed(`${id} is held (${reason})`, `npx sluice resume ${id}, and verify again`, figures);
    if (mode !== 'normal')
      return failed(
        `${id} is ${mode}: ${reason}`,
        'see npx sluice status; verify again when it is normal',
        figures,
      );
    if (mapping.state !== 'Enabled')
      return failed(
        `the event source mapping of ${id} is ${mapping.state}, although the stage is normal`,
        'control switches it on within a minute; if it stays so, see the log of control',
        figures,
      );
    if (deadLetters > 0)
      return failed(
        `${id} has ${deadLetters} messages in its dead-letter queue`,
        'the stage takes them in on its own; verify again when none is left',
        figures,
      );
    if (id === CANARY && (parkedKeys > 0 || queue.visible + queue.inFlight > 0))
      return failed(
        `an earlier run has left ${parkedKeys} parked keys and ${queue.visible + queue.inFlight} messages in the canary's stage`,
        'npx sluice parked canary says why they do not get through',
        figures,
      );
  }
  return passed(figures);
};

/** Of users of their own, so that they are messages of their own. */
const USERS = 10;

/** The canary takes everything again, and what waits for it is delivered. A stage that recovers needs events to be normal soon. */
export const settle = async (
  world: World,
  { writeKey }: Pick<Shared, 'writeKey'>,
  within: number,
): Promise<StatusReport> => {
  const { ask, clock, sleep } = world;
  const run = `${world.run}c1`;
  let seq = 0;
  const nudge = async (): Promise<void> => {
    const events = Array.from({ length: USERS }, (_, i) => ({ run, user: `user${i}`, seq }));
    seq += 1;
    await send(world, writeKey, events);
  };
  await ask({ command: 'canary-set', answer: 'take', seconds: 1 });
  const { value } = await waitFor(
    { clock, sleep },
    async () => {
      const status = await ask({ command: 'status' });
      const { mode, held, shut, parkedKeys } = stageOf(status.stages);
      if (mode === 'degraded' && !held) await ask({ command: 'resume', stage: CANARY });
      else if (parkedKeys > 0 && !shut) await ask({ command: 'retry', stage: CANARY });
      else if (mode === 'recovering' && !shut) await nudge();
      return status;
    },
    ({ stages }) => isEmpty(stageOf(stages)) || stageOf(stages).held,
    { within, poll: 2_000 },
  );
  return value;
};

export const preflight: Check = {
  number: 1,
  title: 'preflight',
  run: async (world, shared) => {
    try {
      shared.writeKey = (await world.ask({ command: 'canary' })).writeKey;
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      return failed(error.message, 'set canary: true in the configuration, deploy, and verify again');
    }
    const status = await world.ask({ command: 'status' });
    shared.pipelineStartedAt = status.at;
    return judgePreflight(
      isEmpty(stageOf(status.stages)) ? status : await settle(world, shared, LEFT_BEHIND),
    );
  },
};
