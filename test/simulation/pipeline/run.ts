/** Runs a scenario until everything has recovered, or until the first violation. */
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { orderKey } from '../../../lambdas/core/event/order-key.ts';
import type { Mishap } from '../invocation.ts';
import type { Schedule } from '../schedule.ts';
import { HOUR, MINUTE } from './config.ts';
import { hasIncurable, healthyUser, sourceOf, STAGES, userName, type Action, type Plan } from './plan.ts';
import { unrest } from './rest.ts';
import { World, type WorldOptions } from './world.ts';

/** Longer than any backoff or pause at the time of the fix. */
const PATIENCE = 12 * HOUR;
/** Long enough for 500 receives, which park a poison even if no other user's progress shows that it is one. */
const MORE_PATIENCE = 36 * HOUR;
/** Interval at which an operator handles what is left. */
const TIDY = 10 * MINUTE;
/** Interval at which the evidence is checked. */
const SAMPLE = MINUTE / 4;

export interface Totals {
  readonly events: number;
  readonly deliveries: number;
  readonly duplicates: number;
  readonly redrives: number;
  readonly deadLetters: number;
  readonly parked: number;
  readonly drained: number;
  readonly flips: number;
  readonly calls: number;
  /** How often each kind of fault happened. */
  readonly faults: Readonly<Record<string, number>>;
}

export interface Told {
  /** The violated invariant, a colon, and the details. */
  readonly violation?: string;
  readonly totals: Totals;
  readonly happened: readonly (readonly [number, Mishap])[];
  readonly trace: readonly string[];
}

/** Puts deadlines that use Node's timers on virtual time. */
export const withDeadlines = async <T>(schedule: Schedule, run: () => Promise<T>): Promise<T> => {
  const real = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (milliseconds) => {
    const controller = new AbortController();
    schedule.after(milliseconds, () => {
      controller.abort();
    });
    return controller.signal;
  };
  try {
    return await run();
  } finally {
    AbortSignal.timeout = real;
  }
};

class ScenarioRun {
  readonly #world: World;
  readonly #numbers = new Map<number, number>();
  #versions = 0;
  isOver = false;

  constructor(world: World) {
    this.#world = world;
    const { plan, schedule } = world;
    const [, kind] = plan.name.split(': ');
    if (kind !== undefined) world.faults.count(`scenario: ${kind}`);
    for (const action of plan.actions)
      schedule.after(action.at, () => {
        world.faults.count(this.#nameOf(action));
        this.#do(action);
      });
    schedule.after(plan.end, () => {
      this.#fix();
    });
    schedule.after(plan.settings.controlEvery, this.#tick);
    this.#sample();
  }

  readonly #sample = (): void => {
    const { schedule, plan, evidence } = this.#world;
    evidence.sample();
    schedule.after(Math.min(SAMPLE, plan.settings.controlEvery / 4), this.#sample);
  };

  readonly #tick = (): void => {
    const { schedule, plan, time } = this.#world;
    this.#world.minute();
    // Once the scenario is over, recovery must be quick: users are waiting for it.
    const every = time < plan.end ? plan.settings.controlEvery : MINUTE;
    schedule.after(time < plan.end ? Math.min(every, plan.end - time) : every, this.#tick);
    if (time > plan.end + TIDY && unrest(this.#world) === undefined) this.isOver = true;
  };

  #nameOf(action: Action): string {
    if (action.do === 'refuse' && action.length >= HOUR) return 'refuse for hours';
    if (action.do === 'send' && (action.copies ?? 1) > 1) return 'send: packed';
    if (action.do === 'deny') return `deny: ${action.what}`;
    if (action.do === 'starve') return `starve: ${action.how}`;
    return action.do === 'operator' ? `operator: ${action.command}` : action.do;
  }

  #do(action: Action): void {
    const world = this.#world;
    world.log(() => `- ${JSON.stringify(action)}`);
    switch (action.do) {
      case 'send':
        this.#send(action);
        break;
      case 'deploy': {
        const { stage, starts, share, how, isFix = false, overlap } = action;
        const version = `${stage}-${String((this.#versions += 1))}`;
        world.deploy(stage, { version, starts, share, how, isFix }, overlap);
        break;
      }
      case 'refuse': {
        const { stage, user, reply, share, length } = action;
        world.receivers.refuse({ stage, user, reply, share, until: world.schedule.now + length });
        break;
      }
      case 'answers':
        world.receivers.answers(action.stage, action.user, action.replies);
        break;
      case 'operator':
        world.operator.give(action.command, action.stage);
        break;
      case 'trouble':
        world.faults.begin(action);
        break;
      case 'deny':
        world.faults.deny(action);
        break;
      case 'starve':
        world.queues.starve(action.stage, action.how, Math.min(action.length, world.plan.end - action.at));
        break;
      case 'worn':
        world.queues.wear(action.stage, action.receives);
        break;
      case 'kill':
        world.functions.kill(action.of);
        break;
      case 'replay':
        world.replays.begin(action.stage, action.limit);
        break;
      case 'workers': {
        const { stage, user, count } = action;
        const shard = shardOf(
          orderKey(sourceOf(user), { anonymousId: userName(user), userId: '' }, 'anonymousId'),
        );
        for (let i = 0; i < count; i++) world.stageFunctions.startDrain(stage, { shard });
        break;
      }
    }
  }

  #send({ user, events, copies = 1 }: Omit<Extract<Action, { do: 'send' }>, 'at' | 'do'>): void {
    const { ledger, clients } = this.#world;
    const all = Array.from({ length: copies }, () => events).flat();
    const sent = all.map((event) => {
      const number = this.#numbers.get(user) ?? 0;
      this.#numbers.set(user, number + 1);
      return { ...event, user, number, id: `${userName(user)}-${String(number)}` };
    });
    for (const event of sent) ledger.sent(event);
    clients[user]?.send(sent);
  }

  #fix(): void {
    const world = this.#world;
    world.log(() => 'the fix');
    world.receivers.mend();
    if (world.plan.keepsCode === true) {
      this.#tidy();
      return;
    }
    for (const stage of STAGES)
      world.deploy(stage, { version: `${stage}-fix`, starts: 'yes', share: 0, how: 'throw', isFix: true });
    this.#tidy();
  }

  readonly #tidy = (): void => {
    const { operator, plan } = this.#world;
    operator.tidy();
    // Only progress of others shows that a message is at fault, and not the stage.
    const user = hasIncurable(plan) ? healthyUser(plan) : undefined;
    if (user !== undefined) this.#send({ user, events: [{ kind: 'plain' }] });
    this.#world.schedule.after(TIDY, this.#tidy);
  };
}

export const tell = async (plan: Plan, options: WorldOptions = {}): Promise<Told> => {
  const world = new World(plan, options);
  const { schedule, violations, ledger, watch, faults } = world;
  const scenario = new ScenarioRun(world);
  const last = schedule.now + plan.end + (hasIncurable(plan) ? MORE_PATIENCE : PATIENCE);
  try {
    await withDeadlines(schedule, () => schedule.run(() => scenario.isOver || violations.length > 0, last));
  } catch (error) {
    violations.push(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  if (violations.length === 0) {
    const lost = [
      ...ledger.missing((stage) => world.rejections.of(stage)),
      ...ledger.past.missing(world.replays.stages),
    ];
    if (!scenario.isOver)
      violations.push(`recovery: long after the fix ${String(unrest(world))}; missing: ${lost.join(', ')}`);
    else if (lost.length > 0) violations.push(`loss: ${lost.join(', ')}`);
    else if (ledger.stale.length > 0)
      violations.push(`order: the last effect is older than that of ${ledger.stale.join(', ')}`);
  }
  const [violation] = violations;
  return {
    ...(violation === undefined ? {} : { violation }),
    totals: {
      events: ledger.events,
      deliveries: ledger.deliveries,
      duplicates: ledger.duplicates,
      redrives: watch.redriven,
      deadLetters: watch.deadLetters,
      parked: watch.parked,
      drained: watch.drained,
      flips: watch.flips,
      calls: faults.calls,
      faults: Object.fromEntries(faults.counts),
    },
    happened: faults.happened,
    trace: world.trace,
  };
};
