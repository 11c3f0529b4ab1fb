/** Draws a scenario about evidence: when a stage is normal, and when its page may resolve. */
import { Dice } from '../../../tools/driver/dice.ts';
import { DAY, HOUR, MINUTE, SECOND } from './config.ts';
import { EvidenceDraft } from './draft-evidence.ts';
import { NO_RATES, type Plan, type PlanSettings } from './plan.ts';

/**
 * - `outage`: every attempt of a stage fails for hours: its code, its destination, a permission, or its function is not invoked.
 * - `deaf`: an outage, after which no probe is answered for a while.
 * - `one bad`: one user fails among others, or a few among rare others.
 * - `flap`: a destination is up for a minute now and then.
 * - `quiet`: a quiet night, and one bad event.
 * - `packed`: messages of up to 1,000 events.
 * - `worn`: messages that were received almost as often as the limit allows.
 * - `late`: functions that start late.
 * - `crowd`: a few users with poison among thousands of good events.
 */
type Kind = 'outage' | 'deaf' | 'one bad' | 'flap' | 'quiet' | 'packed' | 'worn' | 'late' | 'crowd';

const KINDS: readonly [Kind, ...Kind[]] = [
  ...(Array<'outage'>(12).fill('outage') as ['outage']),
  'deaf',
  'deaf',
  'one bad',
  'flap',
  'worn',
  'crowd',
  'one bad',
  'one bad',
  'one bad',
  'flap',
  'flap',
  'quiet',
  'packed',
  'worn',
  'late',
];

const settingsOf = (dice: Dice, kind: Kind): PlanSettings => {
  const asDeployed = dice.chance(0.7);
  return {
    redriveThreshold: asDeployed ? 5 : dice.pick([1, 2, 5]),
    recoverAfter: asDeployed ? 20 : 3,
    crashes: asDeployed ? 3 : 1,
    parkAfter: 15 * MINUTE,
    breakerFailures: asDeployed ? 20 : 5,
    spillAfter: 7 * DAY,
    retention: 1_209_600,
    maxReceiveCount: 1_000,
    controlEvery: MINUTE,
    slowControl: dice.pick([0.02, 0.1]),
    skew: dice.pick([0, 0, 2 * SECOND]),
    recut: 0,
    deduplication: dice.chance(0.1),
    batch: kind === 'packed' ? 1_000 : 5,
    retired: dice.pick([0, 0.05]),
    indexLag: dice.pick([0, 0, 5 * SECOND, 10 * SECOND]),
    doubled: dice.pick([0, 0, 0.1, 1]),
    echo: dice.pick([0, 0, 0.2]),
    lateStart: kind === 'late' ? 0.4 : 0,
  };
};

const lengthOf = (dice: Dice, kind: Kind): number => {
  switch (kind) {
    case 'outage':
    case 'deaf':
    case 'one bad':
    case 'flap':
      return dice.int(45, 300) * MINUTE;
    case 'quiet':
      return 10 * HOUR;
    case 'packed':
    case 'worn':
    case 'late':
      return dice.int(30, 90) * MINUTE;
    case 'crowd':
      return 20 * MINUTE;
  }
};

export const drawEvidence = (seed: number): Plan => {
  const dice = new Dice(seed);
  const kind = dice.pick(KINDS);
  const users =
    kind === 'outage' ? dice.pick([1, 2, 2, 3, 5, 10, 30]) : kind === 'crowd' ? 16 : dice.int(2, 8);
  const end = lengthOf(dice, kind);
  const settings = settingsOf(dice, kind);
  const draft = new EvidenceDraft(dice, end, users);
  let breaksCode = false;
  switch (kind) {
    case 'outage':
      breaksCode = draft.outage();
      break;
    case 'deaf':
      draft.deaf();
      break;
    case 'one bad':
      draft.oneBad();
      breaksCode = true;
      break;
    case 'flap':
      draft.flap();
      break;
    case 'quiet':
      draft.quietNight();
      breaksCode = true;
      break;
    case 'packed':
      draft.packed();
      break;
    case 'worn':
      draft.worn();
      break;
    case 'late':
      draft.late();
      break;
    case 'crowd':
      draft.crowd();
      breaksCode = true;
      break;
  }
  return {
    name: `seed ${String(seed)}: ${kind}`,
    seed,
    users,
    end,
    ...(breaksCode ? {} : { keepsCode: true }),
    settings,
    rates: NO_RATES,
    actions: draft.actions.sort((a, b) => a.at - b.at),
  };
};
