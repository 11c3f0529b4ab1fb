/** What the queues of the simulation have to do with: their mappings, and the world around them. */
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Schedule } from '../schedule.ts';
import type { StageId } from './plan.ts';

export interface Mapping {
  readonly stage: StageId;
  readonly isDead: boolean;
  readonly queue: string;
  enabled: boolean;
  concurrency: number;
  running: number;
  /** Until then it is in transition. */
  busyUntil: number;
  /** Until then no function is invoked for it. */
  starvedFrom: number;
  starvedUntil: number;
  starvedBy: 'function' | 'mapping' | 'probe';
}

export interface Accepted {
  readonly id: string;
  readonly groupId: string;
  readonly body: string;
}

export interface Surroundings {
  /** Seconds. */
  readonly visibility: (stage: StageId) => number;
  readonly schedule: Schedule;
  readonly uuid: () => string;
  readonly random: () => number;
  /** The fate of a batch entry: `refused`, or `unseen`: taken, but missing in the answer. */
  readonly entryFate: () => 'taken' | 'refused' | 'unseen';
  /** Whether the function starts late. */
  readonly lateStart: () => boolean;
  /** A batch that no function is invoked for. */
  readonly starved: () => void;
  /** Whether the finished messages of a batch are left undeleted. */
  readonly undeleted: () => boolean;
  readonly accepted: (stage: StageId, message: Accepted) => void;
  readonly handOut: (
    mapping: Mapping,
    messages: readonly IncomingMessage[],
    answer: (kept: readonly string[]) => void,
    over: () => void,
  ) => void;
}
