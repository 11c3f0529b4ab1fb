/** Draws a scenario from a seed. */
import { Dice } from '../../../tools/driver/dice.ts';
import { DAY, HOUR, MINUTE, SECOND } from './config.ts';
import { Draft } from './draft.ts';
import { drawEvidence } from './draw-evidence.ts';
import { withReplay } from './draw-replay.ts';
import { NO_RATES, type Plan, type PlanSettings, type Rates } from './plan.ts';

/** Seconds, as deployed. */
const RETENTION = 1_209_600;
const MAX_RECEIVE_COUNT = 1_000;

type Kind = 'everything' | 'poison' | 'aws' | 'backlog' | 'days' | 'dead letters' | 'kills';

/**
 * - `everything`: every kind of fault, mixed.
 * - `poison`: only events that crash the code: other users must not wait.
 * - `aws`: only AWS fails: no alarm may page.
 * - `backlog`: a user is parked, and keeps sending while the drain after the fix works on the backlog.
 * - `days`: a stage forwards nothing until SQS would delete what waits.
 * - `dead letters`: SQS's own redrive policy gives up on messages.
 * - `kills`: processes are killed in the middle of a burst, repeatedly, and their pending calls land late.
 */
const KINDS: readonly [Kind, ...Kind[]] = [
  'poison',
  ...Array<'everything'>(11).fill('everything'),
  'kills',
  'backlog',
  'backlog',
  'poison',
  'aws',
  'aws',
  'days',
  'dead letters',
];

const settingsOf = (dice: Dice, kind: Kind): PlanSettings => ({
  redriveThreshold: dice.pick([1, 2, 3, 5]),
  recoverAfter: dice.pick([3, 20]),
  crashes: dice.pick([1, 3]),
  parkAfter: dice.pick([2, 15]) * MINUTE,
  breakerFailures: dice.pick([5, 20]),
  spillAfter: 7 * DAY,
  retention: RETENTION,
  maxReceiveCount: kind === 'dead letters' ? 4 : MAX_RECEIVE_COUNT,
  controlEvery: kind === 'days' ? HOUR : MINUTE,
  slowControl: dice.pick([0.05, 0.3]),
  skew: dice.pick([0, 0, 4 * SECOND]),
  recut: dice.pick([0, 0.5, 1]),
  deduplication: dice.chance(0.3),
  batch: dice.pick([5, 12]),
  retired: dice.pick([0, 0.05, 0.3]),
});

const ratesOf = (dice: Dice, kind: Kind): Rates => {
  if (kind === 'poison') return NO_RATES;
  if (kind === 'kills') return { ...NO_RATES, late: 1 };
  const isAws = kind === 'aws';
  return {
    die: isAws ? 0 : dice.pick([0, 0.002, 0.02]),
    fault: dice.pick([0, 0.01, 0.05]),
    timeout: dice.pick([0, 0.005, 0.03]),
    partial: dice.pick([0, 0, 0.1]),
    undeleted: dice.pick([0, 0, 0.1]),
    late: isAws ? 0 : dice.pick([0, 0.5]),
  };
};

/** One scenario in three is about evidence. */
const EVIDENCE = 3;

export const isAboutEvidence = (seed: number): boolean => seed % EVIDENCE === 0;

export const draw = (seed: number): Plan =>
  isAboutEvidence(seed) ? drawEvidence(seed) : withReplay(drawFaults(seed));

const drawFaults = (seed: number): Plan => {
  const dice = new Dice(seed);
  const kind = dice.pick(KINDS);
  const users = dice.int(2, 4);
  const end =
    kind === 'days'
      ? dice.int(14 * 24, 15 * 24) * HOUR
      : kind === 'poison'
        ? 2 * HOUR
        : dice.int(kind === 'backlog' ? 25 : 10, 50) * MINUTE;
  const settings = settingsOf(dice, kind);
  const draft = new Draft(dice, end, users);
  const share = dice.pick([0, 0.05, 0.2]);
  // Users who send at the same moment share batches with the poison.
  const moments = kind === 'poison' ? [10 * MINUTE, 40 * MINUTE, 70 * MINUTE] : [];
  if (kind === 'kills') draft.bursts();
  const poisoned = {
    poison: (user: number) => (user === 0 ? 0.5 : 0),
    aws: () => 0,
    backlog: () => 0,
    kills: () => 0,
  };
  draft.traffic(
    Object.hasOwn(poisoned, kind) ? poisoned[kind as keyof typeof poisoned] : () => share,
    moments,
  );
  if (kind === 'everything' || kind === 'dead letters') {
    draft.deployments();
    draft.destinations();
    draft.kills();
  }
  if (kind === 'everything' || kind === 'dead letters' || kind === 'days') draft.people();
  if (kind !== 'poison' && kind !== 'backlog' && kind !== 'kills') draft.troubles(kind !== 'aws');
  if (kind === 'everything' || kind === 'aws' || kind === 'dead letters') draft.slowness();
  if (kind === 'days') draft.holdForDays();
  if (kind === 'backlog') draft.backlog();
  draft.workers();
  if (kind === 'poison' && dice.chance(0.5)) draft.holdOver(moments);
  return {
    name: `seed ${String(seed)}`,
    seed,
    users,
    end,
    settings,
    rates: ratesOf(dice, kind),
    actions: draft.actions.sort((a, b) => a.at - b.at),
  };
};
