/** The console's page: asks again and again how things are, and shows it. */
import type { StatusReport } from '../../../contract/status.ts';
import { about, alarms, control, metrics, redeploy, Unavailable, Unreachable } from './api.ts';
import { startCrashes } from './crashes.ts';
import { byId, setText, showText } from './dom.ts';
import { startFailures } from './failures.ts';
import { startFlow, SPAN } from './flow.ts';
import { startIncidents } from './incidents.ts';
import { showMode, startMode } from './mode.ts';
import { explain, run } from './notices.ts';
import { startParked } from './parked.ts';
import { has, place, server, showPlace } from './place.ts';
import { Poll } from './poll.ts';
import { startRejected } from './rejected.ts';
import { startStages } from './stages.ts';
import { capital, clock } from './words.ts';

let isPlaced = false;
let report: StatusReport | undefined;
let lastAnswer: number | undefined;
let listed = { at: 0, parkedKeys: -1 };

const refresh = (): void => {
  listed = { at: 0, parkedKeys: -1 };
  poll.soon();
};

const showFlow = startFlow();
const showStages = startStages(refresh);
const showParked = startParked(refresh);
const showRejected = startRejected(refresh);
const showCrashes = startCrashes();
const showFailures = startFailures();
const incidents = startIncidents();
startMode();

const readStatus = async (): Promise<void> => {
  report = await control({ command: 'status' });
  const now = Date.now();
  showMode(report, now);
  showStages(report, now);
  showFailures(report.stages, now);
  showCrashes(report.stages, now);
  incidents.history(report.stages, now);
};

/** The lists are read when the counts change, after a command, and now and then. */
const readLists = async (): Promise<void> => {
  const parkedKeys = [...(report?.stages ?? []), ...(report?.orphans ?? [])].reduce(
    (sum, stage) => sum + stage.parkedKeys,
    0,
  );
  if (parkedKeys === listed.parkedKeys && Date.now() - listed.at < place().listsPeriod) return;
  const asked = { at: Date.now(), parkedKeys };
  listed = asked;
  try {
    await Promise.all([showParked(), showRejected()]);
  } catch (error) {
    // A command may have asked for them again in the meantime; otherwise they are due at the next turn.
    if (listed === asked) listed = { at: 0, parkedKeys: -1 };
    throw error;
  }
};

const readFlow = async (): Promise<void> => {
  const series = await metrics(Date.now() - SPAN);
  showFlow(series, report?.stages.map(({ history }) => history) ?? [], Date.now());
};

const readAlarms = async (): Promise<void> => {
  incidents.alarms(await alarms(), Date.now());
};

const readPlace = async (): Promise<void> => {
  if (isPlaced) return;
  showPlace(await about());
  isPlaced = true;
};

/** Each part for itself: one that cannot be read must not hide the others. */
const readParts = async (): Promise<readonly PromiseSettledResult<void>[]> => {
  const status = readPlace().then(readStatus);
  await Promise.allSettled([status]);
  const others = [
    status.then(readLists),
    ...(has('metrics') ? [readFlow()] : []),
    ...(has('alarms') ? [readAlarms()] : []),
  ];
  return Promise.allSettled([status, ...others]);
};

/** Nothing can be known then. */
const outageIn = ([status, ...others]: readonly PromiseSettledResult<void>[]): Error | undefined => {
  const reasons = [status, ...others].map((part) =>
    part?.status === 'rejected' ? (part.reason as unknown) : '',
  );
  const unreachable = reasons.find((reason) => reason instanceof Unreachable);
  return unreachable ?? (reasons[0] instanceof Unavailable ? reasons[0] : undefined);
};

const readAll = async (): Promise<void> => {
  const parts = await readParts();
  const failures = parts.flatMap((part) => (part.status === 'rejected' ? [part.reason as unknown] : []));
  const outage = outageIn(parts);
  if (outage === undefined) lastAnswer = Date.now();
  setText(byId('connection'), outage === undefined ? 'Live' : 'Not connected');
  byId('connection').dataset['state'] = outage === undefined ? 'live' : 'lost';
  showText(byId('outage'), outage === undefined ? troubleText(failures[0]) : outageText(outage));
};

const outageText = (outage: Error): string => {
  const shown =
    lastAnswer === undefined
      ? 'Nothing is known yet.'
      : `What you see is what it said at ${clock(lastAnswer, lastAnswer)}.`;
  const { period, stack } = place();
  const seconds = `${String(period / 1000)} seconds`;
  if (outage instanceof Unavailable)
    return `${capital(outage.message)}\n${shown} AWS is asked again every ${seconds}.`;
  const remedy =
    stack === undefined
      ? 'is npm start running?'
      : 'if npx sluice console has ended, start it again, and open the address that it prints.';
  return `${capital(server())} does not answer. ${shown} It is asked again every ${seconds}; ${remedy}`;
};

const troubleText = (failure: unknown): string => {
  if (failure === undefined) return '';
  return `Not everything can be shown: ${explain(failure)}`;
};

const poll = new Poll(readAll, () => place().period);
poll.soon();

const redeployButton = byId('redeploy');
redeployButton.addEventListener('click', () => {
  void run(redeployButton, async () => {
    setText(redeployButton, 'Redeploying …');
    try {
      await redeploy();
    } finally {
      setText(redeployButton, 'Redeploy');
    }
    refresh();
    return 'Deployed: the functions run the new code.';
  });
});
