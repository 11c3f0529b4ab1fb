/** The operator's API, used as the console uses it: one request to control at a time. */
import type { ControlRequest, ControlResults } from '../../contract/operations.ts';
import type { StageStatus } from '../../contract/status.ts';
import type { AlarmNotice } from '../../tools/driver/alarms.ts';
import { askControl } from '../../tools/driver/control.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';

/** Number of retries while control is busy. */
const PATIENCE = 180;

/** A status takes a whole run of control: more frequent requests would take the processor from the pipeline. */
const STATUS_POLL_MS = 250;

/** @throws Error with what control refused */
export const control = <Command extends keyof ControlResults>(
  run: LocalRun,
  request: ControlRequest & { readonly command: Command },
): Promise<ControlResults[Command]> => askControl<Command>(run.consoleUrl, request, PATIENCE);

const asked = new WeakMap<LocalRun, Promise<ControlResults['status']>>();

/** Control runs one at a time: concurrent requests for the status share an answer. */
const sharedStatus = (run: LocalRun): Promise<ControlResults['status']> => {
  const before = asked.get(run);
  if (before !== undefined) return before;
  const answer = control(run, { command: 'status' }).finally(() => asked.delete(run));
  asked.set(run, answer);
  return answer;
};

export const stageStatus = async (run: LocalRun, id: string): Promise<StageStatus> => {
  const { stages } = await sharedStatus(run);
  const stage = stages.find((one) => one.id === id);
  if (stage === undefined) throw new Error(`there is no stage ${id}`);
  return stage;
};

/** Waits until a stage's status is as wanted, and returns it. */
export const untilStage = async (
  run: LocalRun,
  id: string,
  what: string,
  isSo: (status: StageStatus) => boolean,
  deadlineMs = DEADLINE_MS,
): Promise<StageStatus> => {
  let last: StageStatus | undefined;
  return until(
    `${id} to be ${what}`,
    async () => {
      last = await stageStatus(run, id);
      return isSo(last) ? last : undefined;
    },
    {
      deadlineMs,
      pollMs: STATUS_POLL_MS,
      context: () => `${JSON.stringify(last, undefined, 2)}\n${run.output.slice(-6000)}`,
    },
  );
};

export const untilMode = (run: LocalRun, id: string, mode: StageStatus['mode']): Promise<StageStatus> =>
  untilStage(run, id, mode, (status) => status.mode === mode);

export const parkedKeys = async (run: LocalRun, stage: string) =>
  (await control(run, { command: 'parked', stage })).keys;

/** Changes of an alarm's state from its first ALARM on. Before it a fresh alarm says OK; a pager that is notified twice opens one incident. */
export const incidentStates = (notices: readonly AlarmNotice[]): readonly AlarmNotice['state'][] => {
  const changes = notices.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1]);
  const first = changes.indexOf('ALARM');
  return first === -1 ? [] : changes.slice(first);
};
