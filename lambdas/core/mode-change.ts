/** Changes a stage's mode in the store: one conditional write for each change, and no other way. */
import type { ModeRecord } from './mode.ts';
import { decide, type ModeEvent, type ModeSettings } from './mode-machine.ts';
import { InfraFault, type Clock, type ModeStore } from './ports.ts';

/** Others may change the mode between our read and our write; then everything is looked at again. */
const TRIES = 3;

export interface ModeChangeDeps {
  readonly modes: ModeStore;
  readonly clock: Clock;
  readonly settings: ModeSettings;
  /** The stage whose mode is the system's. Default: `router`. */
  readonly routerStage?: string;
}

export interface ModeChangeResult {
  readonly before: ModeRecord;
  /** As it is stored now; the same as `before` when nothing changed. */
  readonly after: ModeRecord;
  readonly changed: boolean;
  /** The stage entered another mode: whoever sees this announces it. */
  readonly flipped: boolean;
}

/**
 * Reads the stage's mode and the system's, decides, and writes.
 * @throws InfraFault when the store fails (the change may have been made all the same), or when others changed the mode
 *   each time between the read and the write
 */
export const changeMode = async (
  { modes, clock, settings, routerStage = 'router' }: ModeChangeDeps,
  stage: string,
  event: ModeEvent,
): Promise<ModeChangeResult> => {
  const stages = stage === routerStage ? [stage] : [stage, routerStage];
  for (let tries = 0; tries < TRIES; tries++) {
    const [before, system] = await modes.readModes(stages);
    if (before === undefined || (system === undefined && stages.length > 1))
      throw new Error(`readModes left out a mode of ${stages.join(', ')}`);
    const next = decide(before, system, event, clock(), settings);
    if (next === undefined) return { before, after: before, changed: false, flipped: false };
    // What could not be read has rev -1, and 0 means that nothing is stored: the first readable one is 1.
    const after = { ...next, rev: Math.max(before.rev, 0) + 1 };
    if (await modes.writeMode(stage, after, before))
      return { before, after, changed: true, flipped: after.epoch !== before.epoch };
  }
  throw new InfraFault(
    `the mode of ${stage} was changed by others ${TRIES} times while "${event.type}" was to be recorded`,
  );
};
