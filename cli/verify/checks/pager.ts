/** Check 8: the page of check 6 opened once, and is resolved. */
import { CANARY, type CanaryPage } from '../../../contract/canary.ts';
import { failed, notChecked, passed, seconds, type Outcome } from '../outcome.ts';
import { stageOf } from '../traffic.ts';
import { pagesAfter, waitFor, type Check, type Incident } from '../world.ts';

/** Milliseconds after the gauge says that the incident is over. */
const RESOLVED_WITHIN = 5 * 60_000;
/** A relapse keeps a page open for longer: it is not waited for. */
const MAX_OPEN = 15 * 60_000;

const UNMADE = [
  'that a URL that does not answer fills its dead-letter queue: it would need a subscription of a broken URL',
  'that PagerDuty, or what else is subscribed, shows the page: look there',
];

export interface PagerFacts {
  readonly incident: Incident;
  /** Since the incident began, the latest last. */
  readonly pages: readonly CanaryPage[];
  readonly after: number;
}

/** Pure. */
export const judgePager = ({ incident, pages, after }: PagerFacts): Outcome => {
  const states = pages.map(({ state }) => state);
  const opened = pages.find(({ state }) => state === 'ALARM');
  const resolved = pages.findLast(({ state }) => state === 'OK');
  const figures = {
    states: states.join(', '),
    secondsWaited: seconds(after),
    ...(opened === undefined
      ? {}
      : { secondsFromAlarmToTopic: seconds(opened.receivedAt - opened.changedAt) }),
    ...(resolved === undefined ? {} : { secondsOpen: seconds(resolved.receivedAt - incident.since) }),
  };
  if (opened === undefined) return failed('no page of the canary was delivered', 'see check 6', figures);
  if (states.filter((state) => state === 'ALARM').length > 1)
    return failed(
      `one incident has paged ${states.filter((state) => state === 'ALARM').length} times`,
      'keep npx sluice report, and open an issue',
      figures,
    );
  if (states.at(-1) !== 'OK')
    return failed(
      'the page was not resolved',
      "the metric DegradedMode must be written while the stage is normal: see the log of control; the alarm's OK action",
      figures,
    );
  return passed(figures, UNMADE);
};

export const pager: Check = {
  number: 8,
  title: 'the page opens once, is delivered, and is resolved',
  run: async (world, { incident }) => {
    if (incident === undefined) return notChecked('the canary was not degraded: see check 6');
    const { ask } = world;
    const { at, stages } = await ask({ command: 'status' });
    const { gauge, gaugeUntil = at } = stageOf(stages, CANARY);
    if (gauge === 1 && gaugeUntil - at > MAX_OPEN)
      return notChecked(
        `the canary was degraded twice within an hour, so that its page stays open until ${new Date(gaugeUntil).toISOString()}; verify an hour later`,
      );
    const { value: pages, after } = await waitFor(
      world,
      async () => pagesAfter((await ask({ command: 'canary' })).pages, incident.before),
      (all) => all.at(-1)?.state === 'OK',
      { within: Math.max(0, gaugeUntil - at) + RESOLVED_WITHIN, poll: 2_000 },
    );
    return judgePager({ incident, pages, after });
  },
};
