/** The user's code of a stage, as it is deployed: how it starts, and what it does to an event. */
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { CaughtCrash } from '../../../lambdas/core/event/transform.ts';
import { ROUTER, type Crashing, type EventPlan, type StageId } from './plan.ts';

export interface Code {
  readonly version: string;
  /** `throws`: the module does not load; `dies`: it takes the whole process with it. */
  readonly starts: 'yes' | 'throws' | 'dies';
  /** The share of events that it fails on. */
  readonly share: number;
  readonly how: Crashing;
  /** It handles every event that a fix can handle. */
  readonly isFix: boolean;
}

export const firstCode = (stage: StageId): Code => ({
  version: `${stage}-0`,
  starts: 'yes',
  share: 0,
  how: 'throw',
  isFix: false,
});

/** The part of an event's plan that the code needs; the event carries it. */
export interface Planned extends EventPlan {
  readonly messageId: string;
  readonly anonymousId: string;
  /** The attempts of impure code that produced it. */
  readonly variant?: string;
}

export const plannedOf = (event: SluiceEvent): Planned => event as unknown as Planned;

/** The same for an event each time, uniform in [0, 1): FNV-1a. */
const chanceOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
};

export const crashingOf = (
  stage: StageId,
  { version, share, how, isFix }: Code,
  { poison, messageId }: Planned,
): Crashing | undefined => {
  if (poison?.stage === stage && !(isFix && poison.cured)) return poison.how;
  return share > 0 && chanceOf(`${version} ${messageId}`) < share ? how : undefined;
};

/** The crash that is caught for each way to fail; none for `native`. */
const CAUGHT: Readonly<Record<Exclude<Crashing, 'native'>, CaughtCrash['kind']>> = {
  throw: 'throw',
  nothing: 'throw',
  exit: 'exit',
  loop: 'timeout',
  hang: 'timeout',
  memory: 'memory',
  runaway: 'memory',
};

export const crashOf = (
  { version }: Code,
  how: Exclude<Crashing, 'native'>,
  eventId: string,
): CaughtCrash => ({ kind: CAUGHT[how], error: `${version} fails on ${eventId}: ${how}`, eventId });

export const loadCrash = ({ version }: Code): CaughtCrash => ({
  kind: 'load',
  error: `${version} throws while it loads`,
});

/** Whether a crash that is recorded for a message was caused by it. @param events of the message */
export const isDeserved = (
  stage: StageId,
  code: Code,
  crash: Pick<CaughtCrash, 'eventId'> & { readonly kind: string },
  events: readonly SluiceEvent[],
): boolean => {
  if (crash.kind === 'load') return code.starts === 'throws';
  return events.some((event) => {
    const how = event.messageId === crash.eventId ? crashingOf(stage, code, plannedOf(event)) : undefined;
    return how !== undefined && how !== 'native' && CAUGHT[how] === crash.kind;
  });
};

/**
 * Fewer or more outputs at each attempt, in another order, with other content; some are the same as the last time.
 * `variant` names the attempts that produced an output, so that outputs can be distinguished.
 */
const impureOutputs = (event: Planned, random: () => number): readonly Planned[] => {
  const outputs = [0, 1, 2]
    .filter(() => random() < 0.6)
    .map((slot) => ({
      ...event,
      ...(slot === 0 ? {} : { messageId: `${event.messageId}:${String(slot)}` }),
      variant: `${event.variant ?? ''}${random() < 0.5 ? 'a' : 'b'}`,
    }));
  return random() < 0.5 ? outputs : outputs.reverse();
};

/** @returns what the transform of the stage returns for an event that it does not fail on */
export const returned = (stage: StageId, code: Code, event: Planned, random: () => number): unknown => {
  if (stage !== ROUTER && event.kind === 'dropped') return null;
  const made = event.impure?.includes(stage) === true ? impureOutputs(event, random) : undefined;
  if (stage !== ROUTER) return made ?? event;
  // The version is written into the event, so that outputs of other code differ.
  const output = { ...event, by: code.version };
  if (made !== undefined) return made.map((one) => ({ ...one, by: code.version }));
  if (event.kind === 'filtered') return null;
  return event.kind === 'split' ? [output, { ...output, half: 2 }] : output;
};

/** Even the fix fails on it. */
export const isPoisonFor = (stage: StageId, { poison }: EventPlan): boolean =>
  poison?.stage === stage && !poison.cured;
