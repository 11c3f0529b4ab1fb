/** What an event source mapping is given, and how it refuses what it is asked. */
import type { InvokeOptions, InvokeResult } from './function.ts';
import type { QueueMessage } from './sqs-event.ts';

export type { MessageAttribute, QueueMessage } from './sqs-event.ts';

/** The queue, as far as a mapping uses it. */
export interface MessageSource {
  /**
   * Waits up to `waitSeconds` for messages. When `signal` aborts it ends immediately: with none, or by rejecting, or with
   * messages that were already taken; those are processed.
   */
  receive(request: {
    readonly maxMessages: number;
    readonly waitSeconds: number;
    readonly signal: AbortSignal;
  }): Promise<readonly QueueMessage[]>;
  /** Rejects when any of them may not have been deleted. */
  delete(receiptHandles: readonly string[]): Promise<void>;
}

/** A `LambdaFunction`, or what stands for one. */
export interface Invocable {
  readonly timeoutMs: number;
  invoke(payload: unknown, options?: InvokeOptions): Promise<InvokeResult>;
}

export interface EventSourceMappingOptions {
  /** The mapping's UUID. */
  readonly id: string;
  readonly queueArn: string;
  readonly source: MessageSource;
  readonly target: Invocable;
  /** The queue's, in milliseconds. At least the function's timeout, as AWS demands. */
  readonly visibilityTimeoutMs: number;
  /** 2 to 1,000. Default: 1,000. */
  readonly maximumConcurrency?: number;
  /** 1 to 10. Default: 10. */
  readonly batchSize?: number;
  readonly reportBatchItemFailures: boolean;
  /** Default: true. */
  readonly enabled?: boolean;
  readonly logger: (line: string) => void;
  /** How long a change takes to come into force; until then another one is refused. Default: 100 ms. */
  readonly transitionMs?: number;
  /** The least time between two pollers that are added. Default: 200 ms, which is AWS's 300 a minute. */
  readonly growEveryMs?: number;
}

export type MappingState = 'Enabled' | 'Disabling' | 'Disabled' | 'Enabling' | 'Updating';

/** The mapping is between two states; the same change may be made later. */
export class ResourceInUseException extends Error {
  override name = 'ResourceInUseException';
}

/** A value that AWS would refuse too. */
export class InvalidParameterValueException extends Error {
  override name = 'InvalidParameterValueException';
}

/** @throws InvalidParameterValueException when the value is no whole number, or out of range */
export const checked = (name: string, value: number, least: number, most: number): number => {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new InvalidParameterValueException(
      `${name} is ${value}; use a whole number from ${least} to ${most}`,
    );
  return value;
};
