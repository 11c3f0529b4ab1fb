/** One POST of a message to a subscribed URL. */
import { toEnvelope, type PublishedMessage } from './message.ts';

/** As long as SNS waits for an answer, milliseconds. */
const TIMEOUT = 15_000;

export type Attempt =
  | { readonly kind: 'delivered' }
  /** Worth another try. `code` and `reason` go to the dead-letter queue with the message. */
  | { readonly kind: 'retry'; readonly code: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

/** @param signal ends it; it rejects then */
export const post = async (
  url: string,
  message: PublishedMessage,
  subscriptionArn: string,
  signal: AbortSignal,
): Promise<Attempt> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'text/plain; charset=UTF-8',
        'user-agent': 'Amazon Simple Notification Service Agent',
        'x-amz-sns-message-type': 'Notification',
        'x-amz-sns-message-id': message.id,
        'x-amz-sns-topic-arn': message.topicArn,
        'x-amz-sns-subscription-arn': subscriptionArn,
      },
      body: toEnvelope(message, subscriptionArn),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
    });
    // Nobody reads what it says; unread it would keep the connection.
    await response.body?.cancel();
    return verdict(response.status);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'retry', code: '503', reason: `the endpoint did not answer: ${causeOf(error)}` };
  }
};

const verdict = (status: number): Attempt => {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const why = { code: String(status), reason: `the endpoint answered ${status}` };
  return { kind: status >= 500 || status === 429 ? 'retry' : 'failed', ...why };
};

/** What `fetch` says itself is "fetch failed"; the reason is below. */
const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};
