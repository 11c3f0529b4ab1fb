/** Reduces a scenario to the parts that cause the same violation. */
import type { Bug } from './bug.ts';
import { NO_RATES, type Action, type Plan } from './plan.ts';
import { tell, type Told } from './run.ts';

export interface Shrunk {
  readonly plan: Plan;
  readonly told: Told;
  /** How often the scenario was run. */
  readonly tries: number;
}

/** Lists without one of their parts: the halves, the quarters, ... the single entries. */
function* without<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < list.length; from += size)
      yield [...list.slice(0, from), ...list.slice(from + size)];
}

const simpler = (action: Action): readonly Action[] => {
  if (action.do !== 'send') return [];
  const { events } = action;
  const plain = events.map((event) =>
    event.kind === 'plain' ? event : { ...event, kind: 'plain' as const },
  );
  const isPlain = events.every(({ kind }) => kind === 'plain');
  const even = events.map(({ kind, poison }) => (poison === undefined ? { kind } : { kind, poison }));
  const isEven = events.every(({ impure, slow, late }) => (impure ?? slow ?? late) === undefined);
  return [
    ...(events.length > 1 ? [...without(events)].map((fewer) => ({ ...action, events: fewer })) : []),
    ...(isPlain ? [] : [{ ...action, events: plain }]),
    ...(isEven ? [] : [{ ...action, events: even }]),
  ];
};

/** The plans with one part left out, the largest parts first. */
function* candidates(plan: Plan): Generator<Plan> {
  for (const actions of without(plan.actions)) yield { ...plan, actions };
  if (plan.past !== undefined) for (const past of without(plan.past)) yield { ...plan, past };
  if (plan.mishaps !== undefined) for (const mishaps of without(plan.mishaps)) yield { ...plan, mishaps };
  for (const [name, rate] of Object.entries(plan.rates))
    if (rate > 0) yield { ...plan, rates: { ...plan.rates, [name]: 0 } };
  const { settings } = plan;
  if (settings.skew > 0) yield { ...plan, settings: { ...settings, skew: 0 } };
  if (settings.recut > 0) yield { ...plan, settings: { ...settings, recut: 0 } };
  if (settings.deduplication) yield { ...plan, settings: { ...settings, deduplication: false } };
  for (const [i, action] of plan.actions.entries())
    for (const other of simpler(action)) yield { ...plan, actions: plan.actions.with(i, other) };
}

const kindOf = ({ violation = '' }: Told): string => violation.split(':', 1)[0] ?? '';

/** @param plan one with a violation @param budget how often the scenario may be run */
export const shrink = async (plan: Plan, budget: number, bug: Bug = {}): Promise<Shrunk> => {
  let told = await tell(plan, { bug });
  const kind = kindOf(told);
  let best = plan;
  let tries = 0;
  const isStillWrong = async (candidate: Plan): Promise<boolean> => {
    tries += 1;
    const next = await tell(candidate, { bug });
    if (kindOf(next) !== kind) return false;
    best = candidate;
    told = next;
    return true;
  };
  // As a list, each mishap can be left out separately.
  const { die, fault, timeout } = plan.rates;
  if (die + fault + timeout > 0)
    await isStillWrong({
      ...plan,
      rates: { ...plan.rates, die: 0, fault: 0, timeout: 0 },
      mishaps: told.happened,
    });
  for (let isBetter = true; isBetter;) {
    isBetter = false;
    for (const candidate of candidates(best)) {
      if (tries >= budget) break;
      if (!(await isStillWrong(candidate))) continue;
      isBetter = true;
      break;
    }
  }
  return { plan: best, told: await tell(best, { bug, isTraced: true }), tries };
};

/** A readable form of a plan: the parts that differ from the default. */
export const describePlan = ({ rates, actions, past, mishaps = [], settings, end, users }: Plan): string => {
  const unusual = Object.fromEntries(
    Object.entries(rates).filter(([name, rate]) => rate !== NO_RATES[name as keyof typeof NO_RATES]),
  );
  return [
    `users ${String(users)}, fix at +${String(end / 1000)} s, rates ${JSON.stringify(unusual)}`,
    `settings ${JSON.stringify(settings)}`,
    ...(past === undefined ? [] : [`the past of each user ${JSON.stringify(past)}`]),
    ...actions.map(({ at, ...action }) => `+${String(at / 1000)} ${JSON.stringify(action)}`),
    ...mishaps.map(([call, fate]) => `call ${String(call)}: ${fate}`),
  ].join('\n');
};
