/**
 * Keeps the modes of stages, for their functions and for control: changes them by events, and publishes each change. The process that
 * makes a change publishes it immediately; control publishes whatever has `announced < epoch`, so that a process that dies in between, or
 * a topic that is down, only delays it.
 */
import { changeMode, type ModeChangeDeps, type ModeChangeResult } from './change.ts';
import type { ModeEvent } from './machine.ts';
import type { Announcement, Announcer } from './ports.ts';
import type { ModeRecord } from './record.ts';

export interface KeeperDeps extends ModeChangeDeps {
  readonly announcer: Announcer;
  /** See `announcementOf`. */
  readonly announcement: (stage: string, record: ModeRecord) => Announcement;
}

/**
 * Lets the stage's mode machine decide on an event.
 * @param flipped what to do when the stage has entered another mode: at least `publishMode`
 * @returns the record as it is then
 * @throws InfraFault: see `changeMode`
 */
export const keepMode = async (
  deps: ModeChangeDeps,
  stage: string,
  event: ModeEvent,
  flipped: (change: ModeChangeResult) => Promise<void> | void,
): Promise<ModeRecord> => {
  const change = await changeMode(deps, stage, event);
  if (change.flipped) await flipped(change);
  return change.after;
};

/**
 * Publishes the mode if that was not done, and notes that it was. If the note fails it is published again, which does no
 * harm.
 * @param record the stage's, as it is after the change
 * @throws InfraFault
 */
export const publishMode = async (deps: KeeperDeps, stage: string, record: ModeRecord): Promise<void> => {
  if (record.announced >= record.epoch) return;
  await deps.announcer.announce(deps.announcement(stage, record));
  await changeMode(deps, stage, { type: 'announced', epoch: record.epoch });
};
