/** The console's page: asks every two seconds how things are, and shows it. */
import type { StatusReport } from '../../../contract/status.ts';
import { alarms, control, metrics, redeploy, Unreachable } from './api.ts';
import { startCrashes } from './crashes.ts';
import { byId, setText, showText } from './dom.ts';
import { startFailures } from './failures.ts';
import { startFlow, SPAN } from './flow.ts';
import { startIncidents } from './incidents.ts';
import { showMode, startMode } from './mode.ts';
import { explain, run } from './notices.ts';
import { startParked } from './parked.ts';
import { Poll } from './poll.ts';
import { startRejected } from './rejected.ts';
import { startStages } from './stages.ts';
import { clock } from './words.ts';

const PERIOD = 2000;
/** The lists cost control more than the rest: they are read when the counts change, after a command, and now and then. */
const LISTS_PERIOD = 10_000;

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

const readLists = async (): Promise<void> => {
  const parkedKeys = [...(report?.stages ?? []), ...(report?.orphans ?? [])].reduce(
    (sum, stage) => sum + stage.parkedKeys,
    0,
  );
  if (parkedKeys === listed.parkedKeys && Date.now() - listed.at < LISTS_PERIOD) return;
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

/** Each part for itself: one that cannot be read must not hide the others. */
const readAll = async (): Promise<void> => {
  const parts = await Promise.allSettled([readStatus().then(readLists), readFlow(), readAlarms()]);
  const failures = parts.flatMap((part) => (part.status === 'rejected' ? [part.reason as unknown] : []));
  const outage = failures.find((failure) => failure instanceof Unreachable);
  if (outage === undefined) lastAnswer = Date.now();
  setText(byId('connection'), outage === undefined ? 'Live' : 'Not connected');
  byId('connection').dataset['state'] = outage === undefined ? 'live' : 'lost';
  showText(byId('outage'), outage === undefined ? troubleText(failures[0]) : outageText());
};

const outageText = (): string => {
  const shown =
    lastAnswer === undefined
      ? 'Nothing is known yet.'
      : `What you see is what it said at ${clock(lastAnswer, lastAnswer)}.`;
  return `The local run does not answer. ${shown} It is asked again every two seconds; is npm start running?`;
};

const troubleText = (failure: unknown): string => {
  if (failure === undefined) return '';
  return `Not everything can be shown: ${explain(failure)}`;
};

const poll = new Poll(readAll, PERIOD);
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
