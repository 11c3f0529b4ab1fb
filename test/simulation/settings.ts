import type { ModeSettings } from '../../lambdas/core/mode/machine.ts';
import type { RunnerSettings } from '../../lambdas/core/stage/runner-deps.ts';
import type { Invocation, Mishap } from './invocation.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const STAGE = 'crm' as const;
export const ROUTER = 'router' as const;

/** Milliseconds until a stage's function is killed, and control's. */
export const STAGE_TIMEOUT = 60 * SECOND;
export const CONTROL_TIMEOUT = 30 * SECOND;

/** Seconds; six times a stage's timeout. */
export const VISIBILITY = 360;

/** What the stage's code, or the destination, does with a message. `native`: it ends the process. */
export type Behaviour = 'deliver' | 'throw' | 'timeout' | 'native' | 'retry' | 'fault';

/** The longest that the stage's code may take; milliseconds. */
export const TRANSFORM_TIMEOUT = 5 * SECOND;

export interface Code {
  readonly version: string;
  readonly loads: boolean;
  readonly behaviour: (body: string) => Behaviour;
}

export interface WorldOptions {
  readonly random: () => number;
  /** See `Surroundings`. */
  readonly mishap: (call: string, by?: Invocation) => Mishap;
  /** See `Surroundings`. */
  readonly landsLate?: () => number | undefined;
  readonly modeSettings: ModeSettings;
  readonly settings: RunnerSettings;
  /** Of the queue's redrive policy. Default: 1000, as deployed. */
  readonly maxReceiveCount?: number;
  /** How long SQS keeps a message; seconds. Default: 14 days, as deployed. */
  readonly retention?: number;
  readonly code: Code;
}
