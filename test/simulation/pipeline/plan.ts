/**
 * A scenario as data: what is sent, what breaks, who does what, and when. It contains everything except chance, which
 * follows from its seed, so a scenario can be replayed, reduced and stored.
 */
import type { Mishap } from '../invocation.ts';

export const ROUTER = 'router';
export const DESTINATIONS = ['crm', 'lake'] as const;
export const STAGES = [ROUTER, ...DESTINATIONS] as const;
export type DestinationId = (typeof DESTINATIONS)[number];
export type StageId = (typeof STAGES)[number];

/**
 * How code fails on an event. `nothing`: it returns a value that is no event; `exit`, `memory`: it ends its thread; `loop`: it blocks its thread;
 * `hang`: its promise never settles; `native`: it ends the whole process; `runaway`: it fills the memory in a thread that does not end (drawn in
 * no scenario, told in a story).
 */
export type Crashing = 'throw' | 'nothing' | 'exit' | 'loop' | 'hang' | 'memory' | 'native' | 'runaway';

export interface Poison {
  readonly stage: StageId;
  readonly how: Crashing;
  /** The fix can process it. */
  readonly cured: boolean;
}

/**
 * `filtered`: the router's transform drops it; `dropped`: those of the destinations do; `split`: the router's makes two of it; `bad`: it
 * names no user, so ingest rejects it.
 */
export interface EventPlan {
  readonly kind: 'plain' | 'filtered' | 'dropped' | 'split' | 'bad';
  readonly poison?: Poison;
  /** In these stages the transform returns a different output at each attempt. */
  readonly impure?: readonly StageId[];
  /** In this stage the transform takes this many milliseconds. */
  readonly slow?: { readonly stage: StageId; readonly takes: number };
  /** In this stage a timer or promise of the transform fails after the event has been answered. */
  readonly late?: { readonly stage: StageId; readonly how: 'throw' | 'exit' };
}

/** What a destination answers. `late` and `hang`: no answer within the request's deadline, but `late` accepts the events. */
export type Reply = number | 'hang' | 'late' | 'slow' | 'reset';

export type Service = 'dynamo' | 'sqs' | 'lambda';

export type Command =
  'hold' | 'resume' | 'retry' | 'retry a key' | 'discard' | 'retry-rejected' | 'status' | 'show' | 'rejected';

/** Times are milliseconds; `at` is relative to the start. */
export type Action = { readonly at: number } &
  /** `copies`: number of copies of each event. Default: 1. */
  (
    | {
        readonly do: 'send';
        readonly user: number;
        readonly events: readonly EventPlan[];
        readonly copies?: number;
      }
    /** New code: it starts or does not (see `Code`), and fails on a share of the events; or it is the fix. */
    | {
        readonly do: 'deploy';
        readonly stage: StageId;
        readonly isFix?: true;
        readonly starts: 'yes' | 'throws' | 'dies';
        readonly share: number;
        readonly how: Crashing;
        /** For this long new invocations get either the former code or the new one. Default: 0. */
        readonly overlap?: number;
      }
    /** For a while a destination gives this answer to a share of the requests, of one user or of all. */
    | {
        readonly do: 'refuse';
        readonly stage: DestinationId;
        readonly user?: number;
        readonly reply: Reply;
        readonly share: number;
        readonly length: number;
      }
    /** What a destination answers to the next requests of a user, one after another. */
    | {
        readonly do: 'answers';
        readonly stage: DestinationId;
        readonly user: number;
        readonly replies: readonly Reply[];
      }
    | { readonly do: 'operator'; readonly command: Command; readonly stage: StageId }
    /** For a while an AWS service fails a share of the calls, or is slow. `outage`: calls may have taken effect. */
    | {
        readonly do: 'trouble';
        readonly service: Service;
        readonly how: 'outage' | 'throttle' | 'slow';
        readonly share: number;
        readonly length: number;
      }
    /** For a while a permission, a secret or a table is missing: of the destination's queue for the router, or of the stage's own function. */
    | {
        readonly do: 'deny';
        readonly what: 'queue' | 'secret' | 'table';
        readonly stage: StageId;
        readonly length: number;
      }
    /**
     * For a while the function is not invoked for its queue. `function`: it is throttled to 0, probes and drains too; `mapping`: only the
     * mapping is broken; `probe`: it works, but starts too slowly to answer a probe.
     */
    | {
        readonly do: 'starve';
        readonly stage: StageId;
        readonly how: 'function' | 'mapping' | 'probe';
        readonly length: number;
      }
    /** Adds this number to the receive counts of the messages in the stage's queue. */
    | { readonly do: 'worn'; readonly stage: StageId; readonly receives: number }
    /** All running invocations of a function are killed. */
    | { readonly do: 'kill'; readonly of: StageId | 'ingest' | 'control' }
    /** The past is replayed into a destination, this many events in a slice, or a few more. */
    | { readonly do: 'replay'; readonly stage: DestinationId; readonly limit: number }
    /** Unrequested drain workers: they must do no harm at any time. */
    | { readonly do: 'workers'; readonly stage: StageId; readonly user: number; readonly count: number }
  );

/** Chances of a call; all of them end with the scenario's `end`. */
export interface Rates {
  /** The process dies before the call takes effect, or after. */
  readonly die: number;
  /** AWS refuses the call. */
  readonly fault: number;
  /** It takes effect, but the answer is lost. */
  readonly timeout: number;
  /** SQS refuses some messages of a call, or does not say that it took them. */
  readonly partial: number;
  /** The messages of a batch that succeeded are not deleted. */
  readonly undeleted: number;
  /** Calls that are pending when their process dies land seconds later. */
  readonly late: number;
}

export interface PlanSettings {
  readonly redriveThreshold: number;
  readonly recoverAfter: number;
  readonly crashes: number;
  readonly parkAfter: number;
  readonly breakerFailures: number;
  readonly spillAfter: number;
  /** How long SQS keeps a message, seconds. */
  readonly retention: number;
  readonly maxReceiveCount: number;
  /** Milliseconds between two runs of control; a minute in a deployment. */
  readonly controlEvery: number;
  /** The share of control's runs in which every call is slow. */
  readonly slowControl: number;
  /** The most by which a function's clock may be off, and jump; milliseconds. SQS's is right. */
  readonly skew: number;
  /** The share of retries in which an SDK splits the events into other batches. */
  readonly recut: number;
  /** The most events that an SDK sends in one request. */
  readonly batch: number;
  /** The share of idle environments that are gone when a function is invoked. */
  readonly retired: number;
  /** The router drops events that it has seen before. */
  readonly deduplication: boolean;
  /** The longest lag of the index of parked keys; milliseconds. Default: 0. */
  readonly indexLag?: number;
  /** The share of control's runs with which a second one starts at the same moment. Default: 0. */
  readonly doubled?: number;
  /** The share of mode writes that the SDK repeats, so that the store refuses a write it has just taken. Default: 0. */
  readonly echo?: number;
  /** The share of batches whose function starts late: their visibility timeout may pass before it ends. Default: 0. */
  readonly lateStart?: number;
}

export interface Plan {
  readonly name: string;
  readonly seed: number;
  readonly users: number;
  /** When everything is fixed. */
  readonly end: number;
  /** Do not deploy a fix: nothing is wrong with the code. */
  readonly keepsCode?: true;
  readonly settings: PlanSettings;
  readonly rates: Rates;
  readonly actions: readonly Action[];
  /** What each user had sent before the beginning; the archive has it. Default: there is no archive. */
  readonly past?: readonly EventPlan[];
  /** Replaces the rates: what happens to which calls, by their number. */
  readonly mishaps?: readonly (readonly [call: number, fate: Mishap])[];
}

export const NO_RATES: Rates = { die: 0, fault: 0, timeout: 0, partial: 0, undeleted: 0, late: 0 };

/** The source of a user; `lake` takes those of `web` alone. */
export const sourceOf = (user: number): 'web' | 'app' => (user % 3 === 2 ? 'app' : 'web');

export const destinationsOf = (user: number): readonly DestinationId[] =>
  sourceOf(user) === 'web' ? DESTINATIONS : ['crm'];

export const userName = (user: number): string => `u${String(user)}`;

/** Whether something may crash a stage or make a destination refuse. */
const IS_TROUBLE: ReadonlySet<Action['do']> = new Set([
  'deploy',
  'refuse',
  'answers',
  'kill',
  'deny',
  'starve',
]);

const poisons = ({
  actions,
  past = [],
  users,
}: Plan): readonly { readonly user: number; readonly poison: Poison }[] => {
  const of = (user: number, events: readonly EventPlan[]) =>
    events.flatMap(({ poison }) => (poison === undefined ? [] : [{ user, poison }]));
  return [
    ...actions.flatMap((action) => (action.do === 'send' ? of(action.user, action.events) : [])),
    ...Array.from({ length: users }, (_, user) => of(user, past)).flat(),
  ];
};

const isSlow = (action: Action): boolean => action.do === 'trouble' && action.how === 'slow';

/** As deployed, SQS gives up on a message after this many receives: out of reach. A plan with fewer tests SQS's redrive. */
export const OUT_OF_REACH = 1_000;

/** SQS gives up on a message after a few receives, and AWS may fail as often as that. */
const mayGiveUp = ({ settings, rates }: Plan): boolean =>
  settings.maxReceiveCount < OUT_OF_REACH && Object.values(rates).some((rate) => rate > 0);

/** Nothing in it justifies an alarm: AWS may fail, but neither code nor a destination does. */
export const isHarmless = (plan: Plan): boolean =>
  plan.rates.die === 0 &&
  plan.mishaps === undefined &&
  !mayGiveUp(plan) &&
  poisons(plan).length === 0 &&
  !plan.actions.some((action) => IS_TROUBLE.has(action.do) || isSlow(action));

/** No AWS service fails, and no process is killed: a function that does not act has decided not to. */
export const isCalm = ({ rates, mishaps, actions, settings }: Plan): boolean =>
  Object.values(rates).every((rate) => rate === 0) &&
  mishaps === undefined &&
  (settings.lateStart ?? 0) === 0 &&
  !actions.some((action) => action.do === 'trouble' || action.do === 'kill');

/** Some user has an event on which even the fix fails, so an operator has to discard it. */
export const hasIncurable = (plan: Plan): boolean => poisons(plan).some(({ poison }) => !poison.cured);

/** A user whose events the fix can process. */
export const healthyUser = (plan: Plan): number | undefined => {
  const sick = new Set(poisons(plan).flatMap(({ user, poison }) => (poison.cured ? [] : [user])));
  return Array.from({ length: plan.users }, (_, user) => user).find((user) => !sick.has(user));
};

/** @returns the users who have poison; undefined when poison is not the only fault */
export const poisonedAlone = (plan: Plan): ReadonlySet<number> | undefined => {
  const isQuiet = Object.values(plan.rates).every((rate) => rate === 0) && plan.mishaps === undefined;
  const others = plan.actions.some((action) => action.do !== 'send' && action.do !== 'workers');
  return isQuiet && !others ? new Set(poisons(plan).map(({ user }) => user)) : undefined;
};
