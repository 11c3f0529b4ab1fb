/** What the mode machine learns of. `docs/mode-machine.md` says what each does in which mode. */
import type { Crash, Waiting } from '../../../contract/modes.ts';

/** What became of a probe. A throttle, or an unknown result, is neither: there was no probe. */
export type Probe =
  | { readonly kind: 'answered'; readonly codeVersion: string }
  | { readonly kind: 'failed'; readonly crash: Crash };

/**
 * What the attempts at messages show, from the queue or from the parking table. `epoch`: the stage's when the attempt began. For a key
 * in trouble of its own only `redriven` and `progress` are reported.
 */
export type Evidence =
  /**
   * A message was taken off the queue because it crashed too often, or because SQS gave up on it. Counted once for each message.
   * `processed`: messages that this environment has finished since it last saw a redrive.
   */
  | {
      readonly type: 'redriven';
      readonly epoch: number;
      readonly messageId: string;
      readonly crash: Crash;
      readonly processed: number;
    }
  /** The process ended at a message. Counted once for each message. */
  | { readonly type: 'died'; readonly epoch: number; readonly messageId: string; readonly crash: Crash }
  /** It was not taken, and may be later. `refused`: AWS does not let the stage work: a permission, a resource, a secret. */
  | {
      readonly type: 'failed';
      readonly epoch: number;
      readonly key: string;
      readonly codeVersion: string;
      readonly text: string;
      readonly refused: boolean;
    }
  /** An event of it will never be taken. */
  | {
      readonly type: 'rejected';
      readonly epoch: number;
      readonly key: string;
      readonly codeVersion: string;
      readonly text: string;
    }
  /** A crash was caught. */
  | { readonly type: 'crashed'; readonly epoch: number; readonly crash: Crash }
  /** It ended in none of these: there was no time left, or AWS was down or throttled. */
  | { readonly type: 'attempted'; readonly epoch: number }
  /** `delivered`: see `StageProgress`; else an event was filtered out. Reported after the progress was stored. */
  | { readonly type: 'progress'; readonly epoch: number; readonly delivered: boolean }
  /** The mapping invoked the function with messages of the queue. It matters while the stage recovers: see `isFed`. */
  | { readonly type: 'invoked'; readonly epoch: number }
  /** A trial made progress. */
  | { readonly type: 'tried'; readonly epoch: number; readonly delivered: boolean };

export type ModeEvent =
  | Evidence
  /**
   * Control looked at the stage. `waiting`: absent when that could not be read. `hint`: why nothing is processed, where AWS says it.
   */
  | {
      readonly type: 'tick';
      readonly probe?: Probe;
      readonly waiting?: Waiting;
      readonly hint?: string;
    }
  | { readonly type: 'hold'; readonly reason: string }
  | { readonly type: 'resume' }
  /** The change of mode that began this epoch was published. */
  | { readonly type: 'announced'; readonly epoch: number };
