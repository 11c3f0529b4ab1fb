/** Check 6: code that fails for everybody makes the stage degraded; nothing is forwarded until the fix, and then all of it in order. */
import { CANARY, type CanaryArrival, type CanaryEvent, type CanaryPage } from '../../../contract/canary.ts';
import type { StageStatus } from '../../../contract/status.ts';
import { concurrency, deployWhileDegraded } from './concurrency.ts';
import { failed, passed, seconds, some, type Outcome } from '../outcome.ts';
import { canaryStage, judgeArrivals, LOST, post, readArrivals, send } from '../traffic.ts';
import { pagesAfter, waitFor, type Check, type Incident, type World } from '../world.ts';

const USERS = 10;
/** Milliseconds. */
const DEGRADED_WITHIN = 10 * 60_000;
const BLOCKED_WITHIN = 5 * 60_000;
const NORMAL_WITHIN = 15 * 60_000;
/** A new wave of failing users, for a pipeline that counts more redrives than are usual. */
const WAVE = 30_000;
/** How long the blocked stage is watched. */
const WATCHED = 5_000;
/** What is promised: the page comes within a minute. */
const PAGED_WITHIN = 60_000;

export interface DegradedFacts {
  readonly sent: readonly CanaryEvent[];
  /** The stage when it was degraded; its last state if it never was. */
  readonly degraded: StageStatus;
  readonly degradedAfter: number;
  /** The stage when its mapping was off; its last state if it never was. */
  readonly blocked: StageStatus;
  /** Since it became degraded. */
  readonly blockedAfter: number;
  /** Of the incident, until its page came or the time was over. */
  readonly pages: readonly CanaryPage[];
  /** The data plane's answer to events that were sent meanwhile. */
  readonly accepted: number;
  /** Arrivals while it was blocked. */
  readonly leaked: readonly CanaryArrival[];
  readonly recovered: StageStatus;
  /** Since `resume`. */
  readonly recoveredAfter: number;
  readonly arrivals: readonly CanaryArrival[];
}

/** Pure. */
export const judgeDegraded = (facts: DegradedFacts): Outcome => {
  const { sent, degraded, blocked, pages, accepted, leaked, recovered, arrivals } = facts;
  const page = pages.find(({ state }) => state === 'ALARM');
  const pagedAfter = page === undefined ? undefined : page.receivedAt - (degraded.since ?? page.receivedAt);
  const { missing, overtaken, repeated } = judgeArrivals(sent, arrivals);
  const figures = {
    secondsToDegraded: seconds(facts.degradedAfter),
    secondsToDisabled: seconds(facts.blockedAfter),
    ...(pagedAfter === undefined ? {} : { secondsToPage: seconds(pagedAfter) }),
    secondsToNormal: seconds(facts.recoveredAfter),
    events: sent.length,
    repeated: repeated.length,
  };
  if (degraded.mode !== 'degraded')
    return failed(
      `the canary fails for everybody and is ${degraded.mode} after ${figures.secondsToDegraded} s`,
      'see the log of control, and degradedMode.redrives in the configuration',
      figures,
    );
  if (blocked.mapping.state !== 'Disabled')
    return failed(
      `the event source mapping of the degraded stage is ${blocked.mapping.state}, not Disabled`,
      "control's permission lambda:UpdateEventSourceMapping, and its log",
      figures,
    );
  if (accepted !== 200)
    return failed(
      `events were answered ${accepted} while the canary was degraded`,
      'see the log of ingest',
      figures,
    );
  if (leaked.length > 0)
    return failed(
      `delivered while the stage was degraded: ${some(leaked.map(({ id }) => id))}`,
      'something else starts the function of the canary: look for another event source mapping',
      figures,
    );
  if (pagedAfter === undefined)
    return failed(
      'the alarm of the canary was not delivered to the alarm topic',
      "the metric DegradedMode, the alarm, its action and the topic's policy, in this order",
      figures,
    );
  if (pagedAfter > PAGED_WITHIN)
    return failed(
      `the page came after ${seconds(pagedAfter)} s; a minute is promised`,
      "control's schedule, and the alarm's period",
      figures,
    );
  if (recovered.mode !== 'normal')
    return failed(
      `the canary is ${recovered.mode} ${figures.secondsToNormal} s after the fix and resume: ${recovered.reason}`,
      'see npx sluice status for what it waits for',
      figures,
    );
  if (missing.length > 0) return failed(`not delivered after the recovery: ${some(missing)}`, LOST, figures);
  if (overtaken.length > 0)
    return failed(
      `delivered out of order after the recovery: ${some(overtaken)}`,
      'order is broken in a recovery: keep npx sluice report, and open an issue',
      figures,
    );
  return passed(figures);
};

const lastPage = (pages: readonly CanaryPage[]): number =>
  Math.max(0, ...pages.map(({ receivedAt }) => receivedAt));

/** Sends events of new users until the stage is degraded. */
const breakIt = async (world: World, writeKey: string, run: string) => {
  const sent: CanaryEvent[] = [];
  let waves = 0;
  const start = world.clock();
  const wave = async (): Promise<void> => {
    const events = Array.from({ length: USERS }, (_, i) => ({ run, user: `w${waves}-${i}`, seq: 0 }));
    waves += 1;
    await send(world, writeKey, events);
    sent.push(...events);
  };
  const { value: degraded, after: degradedAfter } = await waitFor(
    world,
    async () => {
      if (world.clock() - start >= waves * WAVE) await wave();
      return canaryStage(world);
    },
    ({ mode }) => mode === 'degraded',
    { within: DEGRADED_WITHIN },
  );
  return { sent, degraded, degradedAfter };
};

/** Sends events until the stage has got enough of them through to be normal. */
const recover = async (world: World, writeKey: string, run: string) => {
  const sent: CanaryEvent[] = [];
  let seq = 0;
  const { value: recovered, after: recoveredAfter } = await waitFor(
    world,
    async () => {
      const stage = await canaryStage(world);
      if (stage.mode === 'recovering') {
        const events = Array.from({ length: USERS }, (_, i) => ({ run, user: `after${i}`, seq }));
        seq += 1;
        await send(world, writeKey, events);
        sent.push(...events);
      }
      return stage;
    },
    ({ mode }) => mode === 'normal',
    { within: NORMAL_WITHIN, poll: 2_000 },
  );
  return { sent, recovered, recoveredAfter };
};

export const degraded: Check = {
  number: 6,
  title: 'degraded mode, and back',
  run: async (world, shared) => {
    const { ask } = world;
    const { writeKey } = shared;
    const run = `${world.run}c6`;
    const before = lastPage((await ask({ command: 'canary' })).pages);
    // Everybody's, or a trial would start the recovery.
    await ask({ command: 'canary-set', answer: 'throw', seconds: 3_600 });
    const broken = await breakIt(world, writeKey, run);
    const incident: Incident = { before, since: broken.degraded.since ?? 0 };
    if (broken.degraded.mode === 'degraded') shared.incident = incident;
    const readPages = async () => pagesAfter((await ask({ command: 'canary' })).pages, before);
    const { value: blocked, after: blockedAfter } = await waitFor(
      world,
      () => canaryStage(world),
      ({ mapping }) => mapping.state === 'Disabled',
      { within: broken.degraded.mode === 'degraded' ? BLOCKED_WITHIN : 0 },
    );
    const late = broken.sent.map(({ user }) => ({ run, user, seq: 1 }));
    const { status: accepted } = await post(world, writeKey, late);
    await world.sleep(WATCHED);
    const leaked = await readArrivals(world, run);
    const { value: pages } = await waitFor(
      world,
      readPages,
      (all) => all.some(({ state }) => state === 'ALARM'),
      { within: broken.degraded.mode === 'degraded' ? BLOCKED_WITHIN : 0 },
    );
    const { deploy } = world;
    if (shared.incident !== undefined && deploy !== undefined && !shared.skip.includes(concurrency.number))
      shared.whileDegraded = await deployWhileDegraded(world, deploy, run);
    await ask({ command: 'canary-set', answer: 'take', seconds: 1 });
    if (broken.degraded.mode === 'degraded') await ask({ command: 'resume', stage: CANARY });
    const fixed = await recover(world, writeKey, run);
    const sent = [...broken.sent, ...(accepted === 200 ? late : []), ...fixed.sent];
    const { value: arrivals } = await waitFor(
      world,
      async () => {
        const { parkedKeys, shut } = await canaryStage(world);
        if (parkedKeys > 0 && !shut) await ask({ command: 'retry', stage: CANARY });
        return readArrivals(world, run);
      },
      (all) => judgeArrivals(sent, all).missing.length === 0,
      { within: BLOCKED_WITHIN, poll: 2_000 },
    );
    return judgeDegraded({
      sent,
      degraded: broken.degraded,
      degradedAfter: broken.degradedAfter,
      blocked,
      blockedAfter,
      pages,
      accepted,
      leaked,
      recovered: fixed.recovered,
      recoveredAfter: fixed.recoveredAfter,
      arrivals,
    });
  },
};
