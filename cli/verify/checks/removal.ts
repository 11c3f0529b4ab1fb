/** Check 11: what waits for a destination that is removed is delivered when it is added again. */
import { CANARY, type CanaryArrival, type CanaryEvent } from '../../../contract/canary.ts';
import type { Orphan, StageStatus, StatusReport } from '../../../contract/status.ts';
import { messageOf } from '../../failure.ts';
import { leftBy } from '../../adopt/find.ts';
import { failed, notChecked, passed, seconds, some, type Outcome } from '../outcome.ts';
import { canaryStage, judgeArrivals, LOST, post, readArrivals, send, stageOf, userIdOf } from '../traffic.ts';
import { waitFor, type Check, type World } from '../world.ts';
import { DEPLOY_YOURSELF, NO_DEPLOYMENT, NOT_PASSED_ON } from './concurrency.ts';

const USERS = 4;
const EVENTS = 3;
/** Milliseconds. */
const PARKED_WITHIN = 10 * 60_000;
const QUEUED_WITHIN = 60_000;
const SEEN_WITHIN = 3 * 60_000;
const DELIVERED_WITHIN = 10 * 60_000;

export interface RemovalFacts {
  /** Events of the user that was parked ... */
  readonly parked: readonly CanaryEvent[];
  /** ... and those that waited in the queue. */
  readonly waiting: readonly CanaryEvent[];
  readonly removedIn: number;
  /** While it was removed. */
  readonly removed: StatusReport;
  /** The data plane's answer meanwhile. */
  readonly accepted: number;
  readonly addedIn: number;
  /** Undefined: it was not there again. */
  readonly added: Pick<StageStatus, 'held'> | undefined;
  /** Messages of its former queue; undefined: it has taken that over. */
  readonly adopted: number | undefined;
  readonly arrivals: readonly CanaryArrival[];
  readonly deliveredAfter: number;
}

const isCanarys = ({ id }: Pick<Orphan, 'id'>): boolean => id === CANARY;

/** Pure. */
export const judgeRemoval = (facts: RemovalFacts): Outcome => {
  const { parked, waiting, removed, accepted, added, arrivals } = facts;
  const left = removed.orphans.find(isCanarys);
  const { missing, overtaken, repeated } = judgeArrivals([...parked, ...waiting], arrivals);
  const figures = {
    secondsToRemove: seconds(facts.removedIn),
    secondsToAdd: seconds(facts.addedIn),
    leftInItsQueue: (left?.queue.visible ?? 0) + (left?.queue.inFlight ?? 0),
    leftParked: left?.parkedKeys ?? 0,
    ...(facts.adopted === undefined ? {} : { adopted: facts.adopted }),
    events: parked.length + waiting.length,
    secondsToDeliver: seconds(facts.deliveredAfter),
    repeated: repeated.length,
  };
  if (removed.stages.some(isCanarys))
    return failed('the deployment did not remove the canary', NOT_PASSED_ON, figures);
  if (left === undefined || left.parkedKeys === 0 || (waiting.length > 0 && figures.leftInItsQueue === 0))
    return failed(
      `status does not list what the removed canary has left: ${figures.leftInItsQueue} messages and ${figures.leftParked} parked users`,
      'queues and tables must be retained when they are removed: see DeletionPolicy in the template',
      figures,
    );
  if (accepted !== 200)
    return failed(
      `events were answered ${accepted} while the canary was removed`,
      'see the log of ingest',
      figures,
    );
  if (added === undefined) return failed('the canary was not added again', DEPLOY_YOURSELF, figures);
  if (!added.held)
    return failed(
      'the canary was held, and is not since it was added again',
      'its mode must outlive it: look for MODE#canary in the state table',
      figures,
    );
  if (missing.length > 0)
    return failed(`not delivered after it was added again: ${some(missing)}`, LOST, figures);
  if (overtaken.length > 0)
    return failed(
      `delivered out of order after it was added again: ${some(overtaken)}`,
      'keep npx sluice report, and open an issue',
      figures,
    );
  return passed(figures);
};

/** One user is parked, and others' events wait in the queue of the stage, which is held. */
const fill = async (world: World, writeKey: string, run: string) => {
  const { ask } = world;
  const parked = Array.from({ length: EVENTS }, (_, seq) => ({ run, user: 'parked', seq }));
  const users = [userIdOf({ run, user: 'parked' })];
  await ask({ command: 'canary-set', answer: 'throw', users, seconds: 3_600 });
  for (const event of parked) await send(world, writeKey, [event]);
  await waitFor(
    world,
    async () => (await ask({ command: 'parked', stage: CANARY })).keys,
    (keys) => (keys[0]?.messages ?? 0) >= parked.length,
    { within: PARKED_WITHIN },
  );
  await ask({ command: 'hold', stage: CANARY, reason: 'npx sluice verify removes it, and adds it again' });
  const waiting: CanaryEvent[] = [];
  for (let seq = 0; seq < EVENTS; seq += 1) {
    const round = Array.from({ length: USERS }, (_, i) => ({ run, user: `waiting${i}`, seq }));
    await send(world, writeKey, round);
    waiting.push(...round);
  }
  await waitFor(
    world,
    () => canaryStage(world),
    ({ queue }) => queue.visible + queue.inFlight >= waiting.length,
    { within: QUEUED_WITHIN },
  );
  return { parked, waiting };
};

/** Deploys without it, and with it again, whatever happens in between. */
const removeAndAdd = async (
  world: World,
  deploy: NonNullable<World['deploy']>,
  check: () => Promise<number>,
) => {
  const { ask, clock } = world;
  const timed = async (make: () => Promise<void>): Promise<number> => {
    const start = clock();
    await make();
    return clock() - start;
  };
  const meanwhile = async () => {
    const removedIn = await timed(() => deploy('removed'));
    const { value: removed } = await waitFor(
      world,
      () => ask({ command: 'status' }),
      ({ stages, orphans }) => !stages.some(isCanarys) && orphans.some(isCanarys),
      { within: SEEN_WITHIN },
    );
    return { removedIn, removed, accepted: await check() };
  };
  const found = await meanwhile().catch((error: unknown) => ({ error }));
  const addedIn = await timed(() => deploy());
  if ('error' in found) throw found.error;
  const { value } = await waitFor(
    world,
    () => ask({ command: 'status' }),
    ({ stages }) => stages.some(isCanarys),
    { within: SEEN_WITHIN },
  );
  return { ...found, addedIn, added: value.stages.find(isCanarys) };
};

/** On AWS it has another queue now, which control has to notice. */
const takeOver = async ({ ask, adopt, ...world }: World): Promise<number | undefined> => {
  if (adopt === undefined) return undefined;
  await waitFor(
    world,
    () => ask({ command: 'status' }),
    (report) => leftBy(report, CANARY).length > 0,
    { within: SEEN_WITHIN },
  );
  return adopt();
};

const deliver = async (world: World, run: string, sent: readonly CanaryEvent[]) => {
  const { ask } = world;
  await ask({ command: 'canary-set', answer: 'take', seconds: 1 });
  if (stageOf((await ask({ command: 'status' })).stages).held)
    await ask({ command: 'resume', stage: CANARY });
  return waitFor(
    world,
    async () => {
      const { parkedKeys, shut } = stageOf((await ask({ command: 'status' })).stages);
      if (parkedKeys > 0 && !shut) await ask({ command: 'retry', stage: CANARY });
      return readArrivals(world, run);
    },
    (all) => judgeArrivals(sent, all).missing.length === 0,
    { within: DELIVERED_WITHIN, poll: 2_000 },
  );
};

export const removal: Check = {
  number: 11,
  title: 'a destination is removed and added again',
  run: async (world, { writeKey }) => {
    const { deploy } = world;
    if (deploy === undefined) return notChecked(NO_DEPLOYMENT);
    const run = `${world.run}c11`;
    const { parked, waiting } = await fill(world, writeKey, run);
    try {
      // Without its destination an event of the canary's source goes nowhere.
      const gone = [{ run, user: 'gone', seq: 0 }];
      const moved = await removeAndAdd(world, deploy, async () => (await post(world, writeKey, gone)).status);
      const isThere = moved.added !== undefined;
      const adopted = isThere ? await takeOver(world) : undefined;
      const { value: arrivals, after } = isThere
        ? await deliver(world, run, [...parked, ...waiting])
        : { value: [], after: 0 };
      return judgeRemoval({ parked, waiting, ...moved, adopted, arrivals, deliveredAfter: after });
    } catch (error) {
      return failed(`it could not be made: ${messageOf(error)}`, DEPLOY_YOURSELF);
    }
  },
};
