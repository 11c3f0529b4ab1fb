/** The ways in which every attempt of a stage fails. Each can stop, and begin again, while a simulation runs. */
import { HOUR } from '../pipeline/config.ts';
import {
  ROUTER,
  type Action,
  type Crashing,
  type DestinationId,
  type Reply,
  type StageId,
} from '../pipeline/plan.ts';
import type { World } from '../pipeline/world.ts';

export interface Way {
  /** The stage that fails. */
  readonly stage: StageId;
  /** Description for readers. */
  readonly what: string;
  /** The action that begins it, and how long it would last if nothing stopped it; milliseconds. */
  readonly action: (at: number, length: number) => Action;
  /** Stops it: every attempt that begins from now on succeeds. */
  readonly stop: (world: World) => void;
  readonly beginAgain: (world: World) => void;
  /** The function is not invoked, so there is no attempt that could fail. */
  readonly isUntried?: true;
}

/** Longer than any simulation of this table. */
const ENDLESS = 100 * HOUR;

/** A way for the router to fail; its mode is the system's. */
const code = (how: Crashing, what: string): Way => {
  const deploy = (world: World, share: number): void => {
    const version = `${ROUTER}-at-${String(world.time)}`;
    world.deploy(ROUTER, { version, starts: 'yes', share, how, isFix: share === 0 });
  };
  return {
    stage: ROUTER,
    what: `the router's transform ${what} on every event`,
    action: (at) => ({ at, do: 'deploy', stage: ROUTER, starts: 'yes', share: 1, how }),
    stop: (world) => {
      deploy(world, 0);
    },
    beginAgain: (world) => {
      deploy(world, 1);
    },
  };
};

const answer = (reply: Reply, what = `answers ${String(reply)} to everything`): Way => {
  const stage: DestinationId = 'crm';
  return {
    stage,
    what: `a destination ${what}`,
    action: (at, length) => ({ at, do: 'refuse', stage, reply, share: 1, length }),
    stop: ({ receivers }) => {
      receivers.mend();
    },
    beginAgain: ({ receivers, schedule }) => {
      receivers.refuse({ stage, user: undefined, reply, share: 1, until: schedule.now + ENDLESS });
    },
  };
};

/** @param of the destination whose queue or secret is denied to the stage */
const denial = (stage: StageId, denied: 'queue' | 'secret', of: DestinationId, what: string): Way => ({
  stage,
  what,
  action: (at, length) => ({ at, do: 'deny', what: denied, stage: of, length }),
  stop: ({ faults }) => {
    faults.isDenied = () => false;
  },
  beginAgain: ({ faults }) => {
    // Without the override, the class's method follows the plan again.
    Reflect.deleteProperty(faults, 'isDenied');
  },
});

const neverInvoked = (stage: StageId): Way => ({
  stage,
  what: "Lambda never invokes a destination's function: its concurrency is 0",
  action: (at, length) => ({ at, do: 'starve', stage, how: 'function', length }),
  stop: ({ queues }) => {
    queues.starve(stage, 'function', 0);
  },
  beginAgain: ({ queues }) => {
    queues.starve(stage, 'function', ENDLESS);
  },
  isUntried: true,
});

export const WAYS = {
  throw: code('throw', 'throws'),
  exit: code('exit', 'calls `process.exit`'),
  loop: code('loop', 'loops without end'),
  memory: code('memory', 'uses up its memory'),
  'process dies': code('native', 'ends the whole process'),
  '503': answer(503),
  hang: answer('hang', 'never answers'),
  '400': answer(400, 'answers 400 to everything, so events are rejected'),
  '421': answer(421),
  AccessDenied: denial(ROUTER, 'queue', 'crm', 'the router may not send to the queue of one destination'),
  'missing secret': denial('lake', 'secret', 'lake', "the secret in a destination's headers is missing"),
  'never invoked': neverInvoked('crm'),
} satisfies Readonly<Record<string, Way>>;

export type WayName = keyof typeof WAYS;

/** Fixes the order: an object lists keys that are numbers first. */
export const WAY_NAMES: readonly WayName[] = [
  ...(['throw', 'exit', 'loop', 'memory', 'process dies'] as const),
  ...(['503', 'hang', '400', '421', 'AccessDenied', 'missing secret', 'never invoked'] as const),
];

export const isWay = (name: string): name is WayName => Object.hasOwn(WAYS, name);
