/** The entries of a call of SendMessageBatch, and what its answer says of each. */
import type { OutgoingMessage, SendResult } from '../core/base/messages.ts';

/** As SQS's model has it, and SNS's. */
interface Refusal {
  readonly Id?: string | undefined;
  readonly SenderFault?: boolean | undefined;
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
}

export interface SendMessageBatchAnswer {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?: readonly Refusal[] | undefined;
}

/** An entry is named by its place. */
export const entriesOf = (messages: readonly OutgoingMessage[]) =>
  messages.map(({ groupId, deduplicationId, body }, i) => ({
    Id: String(i),
    MessageGroupId: groupId,
    MessageDeduplicationId: deduplicationId,
    MessageBody: body,
  }));

/**
 * SQS will refuse the entry however often it is sent. AWS counts throttling among the faults of the sender, but a throttled entry is
 * accepted later.
 */
const isRefused = (entry: Refusal | undefined): boolean =>
  entry?.SenderFault === true && !/throttl/i.test(entry.Code ?? '');

/** @returns a result for each message, in their order */
export const resultsOf = (
  messages: readonly unknown[],
  { Successful = [], Failed = [] }: SendMessageBatchAnswer,
  service = 'SQS',
): readonly SendResult[] => {
  const accepted = new Set(Successful.map(({ Id }) => Id));
  const refused = new Map(Failed.map((entry) => [entry.Id, entry]));
  return messages.map((_, i): SendResult => {
    const id = String(i);
    if (accepted.has(id)) return { ok: true };
    // An entry that the answer does not mention was not confirmed: it counts as refused, and may be sent again.
    const entry = refused.get(id);
    const reason =
      entry === undefined ? `${service} did not mention it` : `${entry.Code ?? ''}: ${entry.Message ?? ''}`;
    return { ok: false, senderFault: isRefused(entry), reason };
  });
};
