/** How control returns a key whose lease it had, when it has taken events out of it. */
import { ROUTER_STAGE } from '../../../contract/bundle.ts';
import { isBlocked } from '../../core/mode/record.ts';
import { shardOf } from '../../core/stage/parking.ts';
import type { Head } from '../../core/stage/parking-port.ts';
import { startDrains } from '../drains.ts';
import type { ControlDeps } from '../ports.ts';
import { Steps } from '../steps.ts';
import { returnDue } from './lease.ts';
import { countMessages } from './parked.ts';

/** As if the lease had not been taken. */
export const giveBack = async (
  { parking }: ControlDeps,
  stage: string,
  { key, failures, nextAttemptAt }: Head,
  owner: string,
): Promise<void> => {
  await parking.releaseLease(stage, key, owner, { failures, nextAttemptAt });
};

/**
 * Ends the lease; and the parking, if nothing is left. The token is read before it is looked whether anything is left, so
 * that what is parked in the meantime keeps its head.
 * @param isOldest an event was of the oldest message: it may be what held the key up, so the key is due immediately
 * @returns how many messages of the key are left
 */
export const settleKey = async (
  deps: ControlDeps,
  stage: string,
  before: Head,
  owner: string,
  isOldest: boolean,
): Promise<number> => {
  const { parking } = deps;
  const { key } = before;
  const head = await parking.readHead(stage, key);
  const left = await countMessages(deps, stage, key);
  if (left === 0 && head !== undefined && (await parking.deleteHead(stage, key, head.token, owner))) return 0;
  if (!isOldest) {
    await giveBack(deps, stage, before, owner);
    return left;
  }
  await returnDue(deps, stage, key, owner);
  // What fails here the next minute's run does.
  await new Steps(deps).try('start a drain', () => startDrain(deps, stage, key), { stage });
  return left;
};

const startDrain = async (deps: ControlDeps, id: string, key: string): Promise<void> => {
  const stage = deps.stages.find((one) => one.id === id);
  if (stage === undefined) return;
  const modes = await deps.modes.readModes([id, ROUTER_STAGE]);
  if (isBlocked([...modes.values()])) return;
  await startDrains(deps, stage, [{ shard: shardOf(key), keys: 1 }]);
};
