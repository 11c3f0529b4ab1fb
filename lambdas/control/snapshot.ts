/** What a run or a command goes by: each stage together with its mode, and with what the run has seen of it. */
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import type { Waiting } from '../../contract/modes.ts';
import type { Probe } from '../core/mode/machine.ts';
import type { ModeRecord } from '../core/mode/record.ts';
import type { ControlDeps, ControlledStage } from './ports.ts';
import type { Parked } from './survey.ts';

/** What could not be seen is absent. */
export interface Look {
  readonly probe?: Probe;
  readonly waiting?: Waiting;
  readonly parked?: Parked;
  /** Messages of its queue. */
  readonly messages?: number;
  /** Why nothing is processed, for people. */
  readonly hint?: string;
}

export interface StageSnapshot {
  readonly stage: ControlledStage;
  readonly record: ModeRecord;
  /** Absent unless the minute's run has looked. */
  readonly look?: Look;
}

export interface Snapshot {
  /** The router's record, whose mode is the system's. */
  readonly system: ModeRecord;
  /** The router's among them. */
  readonly stages: readonly StageSnapshot[];
}

export const isRouter = ({ id }: Pick<ControlledStage, 'id'>): boolean => id === ROUTER_STAGE;

/** @throws Error when it is not among them: no pipeline is without it */
export const routerOf = (stages: readonly StageSnapshot[]): StageSnapshot => {
  const router = stages.find(({ stage }) => isRouter(stage));
  if (router === undefined) throw new Error(`there is no stage ${ROUTER_STAGE}`);
  return router;
};

export const snapshotOf = (stages: readonly StageSnapshot[]): Snapshot => ({
  system: routerOf(stages).record,
  stages,
});

/** @throws Error when the store left the stage out, which it must not */
const recordOf = (records: ReadonlyMap<string, ModeRecord>, { id }: ControlledStage): ModeRecord => {
  const record = records.get(id);
  if (record === undefined) throw new Error(`the store of modes has no record for the stage ${id}`);
  return record;
};

/** @throws InfraFault */
export const readSnapshot = async ({
  stages,
  modes,
}: Pick<ControlDeps, 'stages' | 'modes'>): Promise<Snapshot> => {
  const records = await modes.readModes(stages.map(({ id }) => id));
  return snapshotOf(stages.map((stage) => ({ stage, record: recordOf(records, stage) })));
};
