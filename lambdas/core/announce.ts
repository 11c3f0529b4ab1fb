/**
 * Tells of a change of mode. Whoever makes the change publishes it at once; control publishes whatever has
 * `announced < epoch`, so that a process that dies in between, or a topic that is down, only delays it.
 */
import { changeMode, type ModeChangeDeps } from './mode-change.ts';
import type { ModeRecord } from './mode.ts';
import type { Announcement, Announcer } from './ports.ts';

export interface PipelineNames {
  readonly pipeline: string;
  /** By which an operator names it on the command line. */
  readonly stackName: string;
}

/** @param record the stage's, as it is after the change */
export const announcementOf = (
  stage: string,
  record: ModeRecord,
  { pipeline, stackName }: PipelineNames,
  routerStage = 'router',
): Announcement => {
  // RudderStack's words, which rules of those who were paged by it may look for.
  const text =
    stage === routerStage
      ? `Dataplane server ${pipeline} entered ${record.mode} mode`
      : `Destination ${stage} of dataplane server ${pipeline} entered ${record.mode} mode`;
  return {
    text,
    pipeline,
    stage,
    mode: record.mode,
    epoch: record.epoch,
    since: new Date(record.since).toISOString(),
    reason: record.reason,
    ...(record.lastCrash === undefined ? {} : { lastCrash: record.lastCrash }),
    command: `npx sluice status --stack ${stackName}`,
  };
};

export interface AnnounceDeps extends ModeChangeDeps {
  readonly announcer: Announcer;
  /** See `announcementOf`. */
  readonly announcement: (stage: string, record: ModeRecord) => Announcement;
}

/**
 * Publishes the mode if that was not done, and notes that it was. If the note fails it is published again, which does no
 * harm.
 * @param record the stage's, as it is after the change
 * @throws InfraFault
 */
export const announceFlip = async (deps: AnnounceDeps, stage: string, record: ModeRecord): Promise<void> => {
  if (record.announced >= record.epoch) return;
  await deps.announcer.announce(deps.announcement(stage, record));
  await changeMode(deps, stage, { type: 'announced', epoch: record.epoch });
};
