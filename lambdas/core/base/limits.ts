/** Sizes are bytes of UTF-8. Sources: SQS and DynamoDB quotas, RudderStack's gateway. */

const KB = 1024;

/** A request's body after decoding; RudderStack's `Gateway.maxReqSizeInKB`. */
export const MAX_REQUEST_BYTES = 4_000 * KB;

/** One event after stamping. SDKs stop at 32 KB. */
export const MAX_EVENT_BYTES = 240 * KB;

/**
 * One packed message. It must fit an item of DynamoDB (400 KB) should it be parked, and an event of
 * `MAX_EVENT_BYTES` must fit it with its envelope.
 */
export const MAX_MESSAGE_BYTES = 256 * KB;

/** The messages that SQS takes in one call, at most ... */
export const MAX_BATCH_ENTRIES = 10;

/** ... and their bytes: its limit of 1 MiB, less room for attributes. */
export const MAX_BATCH_BYTES = 1_000_000;

/** How much is kept of an event that is rejected: its record is an item of DynamoDB, of at most 400 KB. */
export const MAX_REJECTED_BODY_BYTES = 200 * KB;

/** Milliseconds in which an AWS call has ended, one way or the other, with the limits that our SDK clients have ... */
const CALL_LIMIT = 6_500;

/** ... and what must be left of a function's time for one, and for what follows it. */
export const CALL_MARGIN = CALL_LIMIT + 500;
