/** What the work of a stage observes of itself, for logs and metrics. */
import type { Crash } from '../../../contract/modes.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { Outcome } from './outcome.ts';

export type SetbackStep =
  | 'visibility'
  | 'delete'
  | 'ledger'
  | 'progress'
  | 'mode'
  | 'lease'
  | 'successor'
  | 'late crashes'
  | 'hot keys'
  | 'queue length';

/** What happened. Delays are seconds. */
export type RunnerEvent =
  | {
      readonly type: 'deferred';
      readonly reason: 'blocked' | 'state unreadable' | 'perhaps handed out again';
      readonly messages: number;
      readonly error?: unknown;
    }
  | {
      readonly type: 'retry' | 'fault';
      readonly message: IncomingMessage;
      readonly reason: string;
      readonly delay: number;
    }
  | {
      readonly type: 'crash';
      readonly message: IncomingMessage;
      readonly crash: Crash;
      readonly delay: number;
    }
  | { readonly type: 'stopped'; readonly message: IncomingMessage }
  /** The process before this one died with messages of a batch; `message`: the one that it was at work on, if that is known. */
  | { readonly type: 'died'; readonly messages: number; readonly message?: IncomingMessage }
  /** Its attempts are used up, or SQS gave up on it; it is about to be parked. */
  | { readonly type: 'redriven'; readonly message: IncomingMessage; readonly crash: Crash }
  /** `counted`: as a redrive. */
  | {
      readonly type: 'parked';
      readonly message: IncomingMessage;
      readonly reason: string;
      readonly counted: boolean;
    }
  /** The messages of a parked key that were put through; `emptied`: the key is not parked any more. */
  | {
      readonly type: 'drained';
      readonly key: string;
      readonly messages: number;
      readonly emptied: boolean;
    }
  | {
      readonly type: 'drain failed';
      readonly key: string;
      readonly messageId: string;
      readonly why: 'crash' | 'retry' | 'fault' | 'refused';
      readonly reason: string;
      readonly crash?: Crash;
      /** Milliseconds since 1970. */
      readonly nextAttemptAt: number;
    }
  /** The worker could not continue with its shard. */
  | { readonly type: 'drain stopped'; readonly shard: number; readonly error: unknown }
  /** A message of a degraded stage was tried; `gotThrough`: at least an event of it was delivered, or filtered out. */
  | {
      readonly type: 'tried';
      readonly key: string;
      readonly messageId: string;
      readonly outcome: Outcome['kind'];
      readonly gotThrough: boolean;
      readonly reason?: string;
    }
  /** Trials could not continue. */
  | { readonly type: 'trial stopped'; readonly error: unknown }
  /** Something failed whose failure costs a duplicate or a delay, never an event. */
  | {
      readonly type: 'setback';
      readonly step: SetbackStep;
      readonly error: unknown;
    };

export type Observe = (event: RunnerEvent) => void;
