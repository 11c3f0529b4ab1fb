/**
 * The errors that SQS documents. The first of each pair is what the query protocol called it, which SDKs still show
 * as the error's code and which arrives in `x-amzn-query-error`; the second is the HTTP status.
 */
const ERRORS = {
  BatchEntryIdsNotDistinct: ['AWS.SimpleQueueService.BatchEntryIdsNotDistinct', 400],
  BatchRequestTooLong: ['AWS.SimpleQueueService.BatchRequestTooLong', 400],
  EmptyBatchRequest: ['AWS.SimpleQueueService.EmptyBatchRequest', 400],
  InternalFailure: ['InternalFailure', 500],
  InvalidAttributeName: ['InvalidAttributeName', 400],
  InvalidAttributeValue: ['InvalidAttributeValue', 400],
  InvalidBatchEntryId: ['AWS.SimpleQueueService.InvalidBatchEntryId', 400],
  InvalidMessageContents: ['InvalidMessageContents', 400],
  InvalidParameterValueException: ['InvalidParameterValue', 400],
  MissingRequiredParameterException: ['MissingParameter', 400],
  OverLimit: ['OverLimit', 403],
  PurgeQueueInProgress: ['AWS.SimpleQueueService.PurgeQueueInProgress', 403],
  QueueDoesNotExist: ['AWS.SimpleQueueService.NonExistentQueue', 400],
  QueueNameExists: ['QueueAlreadyExists', 400],
  ReceiptHandleIsInvalid: ['ReceiptHandleIsInvalid', 404],
  RequestThrottled: ['RequestThrottled', 403],
  ResourceNotFoundException: ['ResourceNotFoundException', 404],
  ServiceUnavailable: ['ServiceUnavailable', 503],
  TooManyEntriesInBatchRequest: ['AWS.SimpleQueueService.TooManyEntriesInBatchRequest', 400],
  UnsupportedOperation: ['AWS.SimpleQueueService.UnsupportedOperation', 400],
} as const;

export type SqsErrorType = keyof typeof ERRORS;

/** An answer of SQS other than success. `type` is the name of the shape in the service's model. */
export class SqsError extends Error {
  override name = 'SqsError';
  readonly type: SqsErrorType;

  constructor(type: SqsErrorType, message: string) {
    super(message);
    this.type = type;
  }

  /** The code as SDKs show it, e.g. `InvalidParameterValue`. */
  get code(): string {
    return ERRORS[this.type][0];
  }

  get status(): number {
    return ERRORS[this.type][1];
  }

  /** Whether the caller is to blame; the same call will fail again. */
  get senderFault(): boolean {
    return this.status < 500;
  }
}

export const invalid = (message: string): SqsError => new SqsError('InvalidParameterValueException', message);

export const invalidValue = (value: string | number, parameter: string, reason: string): SqsError =>
  invalid(`Value ${value} for parameter ${parameter} is invalid. Reason: ${reason}`);

export const missing = (parameter: string): SqsError =>
  new SqsError('MissingRequiredParameterException', `The request must contain the parameter ${parameter}.`);
