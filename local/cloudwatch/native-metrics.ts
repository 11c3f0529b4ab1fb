/** The metrics that AWS's services publish on their own, as far as this pipeline's alarms and charts read them. */
import type { InvokeResult } from '../lambda/function.ts';
import { single, type Dimensions, type MetricStore } from './metric-store.ts';

export class NativeMetrics {
  readonly #store: MetricStore;
  readonly #clock: () => number;

  constructor(store: MetricStore, clock: () => number = Date.now) {
    this.#store = store;
    this.#clock = clock;
  }

  /** An invocation has ended, or was refused. `ms`: how long it took. */
  invoked(functionName: string, { kind }: InvokeResult, ms: number): void {
    const throttled = kind === 'throttled';
    this.#put('AWS/Lambda', { FunctionName: functionName }, [
      ['Throttles', throttled ? 1 : 0],
      // A throttled one is no invocation on AWS either.
      ...(throttled
        ? []
        : ([
            ['Invocations', 1],
            ['Errors', kind === 'error' ? 1 : 0],
            ['Duration', ms],
          ] as const)),
    ]);
  }

  /** The API has answered a request. */
  answered(api: { readonly name: string; readonly stage: string }, status: number, ms: number): void {
    const values = [
      ['Count', 1],
      ['4XXError', status >= 400 && status < 500 ? 1 : 0],
      ['5XXError', status >= 500 ? 1 : 0],
      ['Latency', ms],
    ] as const;
    this.#put('AWS/ApiGateway', { ApiName: api.name }, values);
    this.#put('AWS/ApiGateway', { ApiName: api.name, Stage: api.stage }, values);
  }

  /** @param counts `sent`: since the last time */
  queue(
    name: string,
    counts: { readonly visible: number; readonly inFlight: number; readonly sent: number },
  ): void {
    this.#put('AWS/SQS', { QueueName: name }, [
      ['ApproximateNumberOfMessagesVisible', counts.visible],
      ['ApproximateNumberOfMessagesNotVisible', counts.inFlight],
      ['NumberOfMessagesSent', counts.sent],
    ]);
  }

  /** A subscription has got a message, or will not get it. */
  notified(topicName: string, delivered: boolean): void {
    this.#put('AWS/SNS', { TopicName: topicName }, [
      ['NumberOfNotificationsDelivered', delivered ? 1 : 0],
      ['NumberOfNotificationsFailed', delivered ? 0 : 1],
    ]);
  }

  #put(
    namespace: string,
    dimensions: Dimensions,
    values: readonly (readonly [name: string, value: number])[],
  ): void {
    const at = this.#clock();
    for (const [name, value] of values) {
      this.#store.put({ namespace, name, dimensions, at, statistics: single(value), highResolution: false });
    }
  }
}
