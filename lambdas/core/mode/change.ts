/** Changes a stage's mode in the store: one conditional write for each change, and no other way. */
import { decide, type ModeEvent, type ModeSettings } from './machine.ts';
import type { ModeRecord } from './record.ts';
import { InfraFault } from '../base/faults.ts';
import type { Clock } from '../base/clock.ts';
import type { ModeStore } from './ports.ts';

/**
 * Others may change the mode between our read and our write; then everything is looked at again. Of several who write one always gets
 * through: so this is for ten environments that deliver their first message after an outage in the same moment, and none of whose
 * successes is to go uncounted.
 */
const TRIES = 10;

/** This many writers' names are kept: others may write between a write of ours and our finding out that it was made. */
const WRITES = 4;

export interface ModeChangeDeps {
  readonly modes: Pick<ModeStore, 'readStored' | 'writeMode'>;
  readonly clock: Clock;
  /** Names a write. */
  readonly uuid: () => string;
  readonly settings: ModeSettings;
  /** The stage whose mode is the system's. Default: `router`. */
  readonly routerStage?: string;
}

export interface ModeChangeResult {
  readonly before: ModeRecord;
  /** As it is stored now; the same as `before` when nothing changed. */
  readonly after: ModeRecord;
  readonly changed: boolean;
  /** The stage entered another mode: the caller announces it. */
  readonly flipped: boolean;
}

/**
 * Reads the stage's mode, the system's and the stage's progress, decides, and writes.
 *
 * The SDK repeats a write whose answer it did not get. If the first had been made, the second is refused by it: the item then has
 * the name of our own write among its last, and the event is not applied again.
 * @throws InfraFault when the store fails (the change may have been made anyway), or when others changed the mode
 *   each time between the read and the write
 */
export const changeMode = async (
  { modes, clock, uuid, settings, routerStage = 'router' }: ModeChangeDeps,
  stage: string,
  event: ModeEvent,
): Promise<ModeChangeResult> => {
  let written: { readonly before: ModeRecord; readonly after: ModeRecord; readonly name: string } | undefined;
  for (let tries = 0; ; tries++) {
    const stored = await modes.readStored(stage, routerStage);
    const before = stored.own;
    if (written !== undefined && before.writes?.includes(written.name) === true) return result(written);
    if (tries === TRIES)
      throw new InfraFault(
        `the mode of ${stage} was changed by others ${TRIES} times while "${event.type}" was to be recorded`,
      );
    const system = stage === routerStage ? undefined : stored.system;
    const next = decide({ own: before, system, progress: stored.progress }, event, clock(), settings);
    if (next === undefined) return { before, after: before, changed: false, flipped: false };
    // What could not be read has rev -1, and 0 means that nothing is stored: the first readable one is 1.
    const name = uuid();
    const writes = [...(before.writes ?? []), name].slice(-WRITES);
    const after = { ...next, rev: Math.max(before.rev, 0) + 1, writes };
    written = { before, after, name };
    if (await modes.writeMode(stage, after, before)) return result(written);
  }
};

const result = ({ before, after }: Pick<ModeChangeResult, 'before' | 'after'>): ModeChangeResult => ({
  before,
  after,
  changed: true,
  flipped: after.epoch !== before.epoch,
});
