/** How a command answers: with its result, or with what the operator has to change. */
import type { ControlAnswer, ControlResults } from '../../../contract/operations.ts';
import type { StageQueues } from '../../core/mode/ports.ts';
import type { ControlDeps, ControlledStage } from '../ports.ts';

export const done = <Command extends keyof ControlResults>(
  result: ControlResults[Command],
): ControlAnswer<Command> => ({ ok: true, result });

export const refuse = (refused: string): { readonly ok: false; readonly refused: string } => ({
  ok: false,
  refused,
});

export type Found<T> = { readonly ok: true; readonly value: T } | ReturnType<typeof refuse>;

const unknown = (id: string, known: readonly string[]) =>
  refuse(`stage: there is no stage "${id}"; the stages are ${known.join(', ')}`);

/** A stage that is configured now. */
export const findStage = ({ stages }: Pick<ControlDeps, 'stages'>, id: string): Found<ControlledStage> => {
  const value = stages.find((stage) => stage.id === id);
  if (value !== undefined) return { ok: true, value };
  return unknown(
    id,
    stages.map((stage) => stage.id),
  );
};

/** Stages that were configured once and are not now; and those of before that had another queue. @throws InfraFault */
export const formerStages = async ({
  stages,
  registry,
}: Pick<ControlDeps, 'stages' | 'registry'>): Promise<ReadonlyMap<string, StageQueues>> => {
  const configured = new Set(stages.map(({ id }) => id));
  const known = await registry.read();
  // A queue that is in use is not a former one, whatever a control of another deployment has noted.
  const inUse = new Set([...configured].map((id) => known.get(id)?.queueName));
  return new Map([...known].filter(([id, { queueName }]) => !configured.has(id) && !inUse.has(queueName)));
};

/**
 * Ids of the stages in which something may be kept: those that are configured, and former ones.
 * @param wanted one of them; undefined: all
 * @param others names that are no stages, and yet have records
 * @throws InfraFault
 */
export const stagesWithRecords = async (
  deps: Pick<ControlDeps, 'stages' | 'registry'>,
  wanted: string | undefined,
  others: readonly string[] = [],
): Promise<Found<readonly string[]>> => {
  const configured = [...others, ...deps.stages.map(({ id }) => id)];
  if (wanted !== undefined && configured.includes(wanted)) return { ok: true, value: [wanted] };
  const known = [...configured, ...(await formerStages(deps)).keys()];
  if (wanted === undefined) return { ok: true, value: known };
  return known.includes(wanted) ? { ok: true, value: [wanted] } : unknown(wanted, known);
};
