/** How a stage's function reports to its mode machine, and publishes what follows. */
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import type { DegradedModeSettings } from '../../contract/settings.ts';
import { ownWords } from '../core/base/own-words.ts';
import { announcementOf } from '../core/mode/announcement.ts';
import { keepMode, publishMode } from '../core/mode/keeper.ts';
import type { ModeEvent } from '../core/mode/machine.ts';
import type { ModeRecord } from '../core/mode/record.ts';
import type { RunnerMode } from '../core/stage/runner-deps.ts';
import { describeError, log } from '../aws/log.ts';
import type { StageWorld } from './world.ts';

interface NoteOptions {
  readonly stage: string;
  readonly degradedMode: DegradedModeSettings;
}

/** As `RunnerMode` has it. @param published gets what is under way to be published */
export const noteOf = (
  { stage, degradedMode }: NoteOptions,
  { state, announcer, names, controlInterval, clock, uuid }: StageWorld,
  published: Promise<void>[],
): RunnerMode['note'] => {
  const settings = { ...degradedMode, minute: controlInterval };
  const changes = {
    modes: state,
    clock,
    uuid,
    settings,
    routerStage: ROUTER_STAGE,
    announcer,
    announcement: (of: string, record: ModeRecord) =>
      announcementOf(of, record, names, settings, ROUTER_STAGE),
  };
  const publish = async (record: ModeRecord): Promise<void> => {
    try {
      await publishMode(changes, stage, record);
    } catch (error) {
      const message = 'could not publish a change of mode; control will';
      log('warn', message, { stage, error: describeError(error) });
    }
  };
  return (event: ModeEvent): Promise<ModeRecord> =>
    keepMode(changes, stage, event, ({ before, after }) => {
      const { mode, epoch, reason } = after;
      log('error', 'the mode changed', {
        stage,
        from: before.mode,
        to: mode,
        epoch,
        reason: ownWords(reason),
      });
      // In the background: messages must not wait for a topic.
      published.push(publish(after));
    });
};
