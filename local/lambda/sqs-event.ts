/** What passes between a mapping and its function: Lambda's event for SQS, and the answer with partial failures. */

/** A message's own attribute, in the form of Lambda's event (SQS's API capitalizes the names). */
export interface MessageAttribute {
  readonly dataType: string;
  readonly stringValue?: string;
  /** Base64. */
  readonly binaryValue?: string;
}

/** A message as the queue hands it out. */
export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  /** SQS's system attributes by their names there: `ApproximateReceiveCount`, `MessageGroupId` and so on. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, MessageAttribute>>;
  readonly md5OfMessageAttributes?: string;
}

/** @param queueArn `arn:aws:sqs:<region>:<account>:<name>` */
export const toSqsEvent = (messages: readonly QueueMessage[], queueArn: string): { Records: object[] } => ({
  Records: messages.map((message) => ({
    ...message,
    messageAttributes: Object.fromEntries(
      Object.entries(message.messageAttributes).map(([name, attribute]) => [
        name,
        { ...attribute, stringListValues: [], binaryListValues: [] },
      ]),
    ),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(':')[3] ?? '',
  })),
});

/** Which messages of a batch have failed; or why that is unknown, which fails them all. */
export type BatchAnswer =
  | { readonly kind: 'read'; readonly failed: ReadonlySet<string> }
  | { readonly kind: 'malformed'; readonly why: string };

const malformed = (why: string): BatchAnswer => ({ kind: 'malformed', why });

/**
 * Reads the answer of a function whose mapping has `ReportBatchItemFailures`. As on AWS nothing, an empty object and
 * an empty list mean success; whatever cannot be understood means that the whole batch failed.
 * @param batch the ids of the messages in it
 */
export const readBatchAnswer = (payload: unknown, batch: ReadonlySet<string>): BatchAnswer => {
  if (payload === null || payload === undefined) return { kind: 'read', failed: new Set() };
  if (typeof payload !== 'object' || Array.isArray(payload)) return malformed('the answer is not an object');
  const list: unknown = 'batchItemFailures' in payload ? payload.batchItemFailures : undefined;
  if (list === null || list === undefined) return { kind: 'read', failed: new Set() };
  if (!Array.isArray(list)) return malformed('batchItemFailures is not a list');
  const failed = new Set<string>();
  for (const [index, item] of (list as unknown[]).entries()) {
    const where = `batchItemFailures[${index}].itemIdentifier`;
    const given: unknown =
      typeof item === 'object' && item !== null && 'itemIdentifier' in item ? item.itemIdentifier : undefined;
    if (typeof given !== 'string' || given === '') return malformed(`${where} is missing or empty`);
    if (!batch.has(given)) return malformed(`${where} names no message of the batch: ${given.slice(0, 100)}`);
    failed.add(given);
  }
  return { kind: 'read', failed };
};
