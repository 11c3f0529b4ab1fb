/** What an operator sees and does, as the console does it: one request to control at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ControlAnswer,
  ControlRequest,
  ControlResults,
  StageStatus,
} from '../../contract/operations.ts';
import type { LocalRun } from './local-run.ts';
import { until } from './until.ts';

/** How often control is asked again, a second later, while another run of it is under way or a call of it takes too long. */
const PATIENCE = 60;
const isBusy = (text: string): boolean => /ConcurrentInvocationLimitExceeded|TimeoutError/.test(text);

/** A status is a whole run of control: asked for more often, it would take the processor from what it tells of. */
const STATUS_POLL_MS = 250;

/** @throws Error with what control refused */
export const control = async <Command extends keyof ControlResults>(
  run: LocalRun,
  request: ControlRequest & { readonly command: Command },
  patience = PATIENCE,
): Promise<ControlResults[Command]> => {
  const response = await fetch(`${run.consoleUrl}/api/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  // On a machine that is busy a run of control may take longer than its interval.
  if (response.status === 500 && isBusy(text) && patience > 0) {
    await sleep(1_000);
    return control(run, request, patience - 1);
  }
  if (response.status !== 200) throw new Error(`control: ${response.status} ${text}`);
  const answer = JSON.parse(text) as ControlAnswer<Command>;
  if (answer.ok) return answer.result;
  throw new Error(`control refused: ${answer.refused}`);
};

const asked = new WeakMap<LocalRun, Promise<ControlResults['status']>>();

/** Control runs once at a time: those who ask for the status in the same moment share an answer. */
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
  deadlineMs = 120_000,
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

/** CloudWatch's alarm as a subscriber of the alarm topic gets it. */
export interface AlarmNotice {
  readonly name: string;
  readonly state: 'ALARM' | 'OK' | 'INSUFFICIENT_DATA';
}

/** Reads the alarms out of the SNS envelopes that a stand-in pager got. */
export const alarmNotices = (
  envelopes: readonly Readonly<Record<string, unknown>>[],
): readonly AlarmNotice[] =>
  envelopes
    .filter((envelope) => envelope['Type'] === 'Notification')
    .map((envelope) => {
      const alarm = JSON.parse(String(envelope['Message'])) as {
        AlarmName: string;
        NewStateValue: AlarmNotice['state'];
      };
      return { name: alarm.AlarmName, state: alarm.NewStateValue };
    });

/** Changes of an alarm's state from its first ALARM on. Before it a fresh alarm says OK; a pager that is told twice opens one incident. */
export const incidentStates = (notices: readonly AlarmNotice[]): readonly AlarmNotice['state'][] => {
  const changes = notices.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1]);
  const first = changes.indexOf('ALARM');
  return first === -1 ? [] : changes.slice(first);
};
