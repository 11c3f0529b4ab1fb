/** What AWS fails to do, as the core's faults. */
import { AccessFault, InfraFault, MessageRefused } from '../core/base/faults.ts';
import { resourceOf } from './resources.ts';

/**
 * Names of errors that no retry helps against until an operator changes something, as the services' models and their query protocols have
 * them: a permission, a resource or a key is missing. `InvalidRequestException` is Secrets Manager's for a secret that is about to
 * be deleted.
 */
const NO_ACCESS = new RegExp(
  `^(?:${[
    'AccessDenied|AuthorizationError|NotAuthorized|UnauthorizedOperation|OptInRequired',
    'InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClient|MissingAuthenticationToken',
    'NotFound|ResourceNotFound|TableNotFound|QueueDoesNotExist|AWS\\.SimpleQueueService\\.NonExistentQueue',
    'DecryptionFailure|InvalidRequest|InaccessibleEncryptionCredentials',
    'KMS\\.?(?:AccessDenied|(?:Key)?(?:Disabled|NotFound)|InvalidState|InvalidKeyUsage|OptInRequired)',
  ].join('|')})(?:Exception)?$`,
  'i',
);

/** Its name first, by which `notDone` recognizes it. */
const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** AWS's messages name the resource only in part. */
const named = (what: string, error: unknown): string => {
  const resource = resourceOf(error);
  return resource === undefined || what.includes(resource) ? what : `${what} of "${resource}"`;
};

/**
 * What AWS did not do, in its own words.
 * @param what the operation
 * @param words the error's name, a colon, and its message
 * @param refused it is due to the message itself; AWS blames the sender for a missing permission too
 */
export const notDone = (
  what: string,
  words: string,
  refused: boolean,
  options?: ErrorOptions,
): InfraFault | MessageRefused => {
  const [name = ''] = words.split(':', 1);
  if (NO_ACCESS.test(name)) return new AccessFault(`${what} failed: ${words}`, options);
  return refused
    ? new MessageRefused(`${what} refused the message: ${words}`, options)
    : new InfraFault(`${what} failed: ${words}`, options);
};

/**
 * What AWS fails to do is an `InfraFault`, whatever the reason: it must never look like a crash of the code. One that no retry
 * helps against is an `AccessFault`.
 */
export const orFault = async <T>(what: string, call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (error) {
    throw notDone(named(what, error), describe(error), false, { cause: error });
  }
};

/**
 * As `orFault`, for a write that stores a message's content. Table and request are Sluice's own and fit each other, so if DynamoDB
 * finds an item invalid, its content is the reason: the item is too large, for example.
 * @throws MessageRefused, InfraFault
 */
export const orRefused = async <T>(what: string, write: Promise<T>): Promise<T> => {
  try {
    return await write;
  } catch (error) {
    const isInvalid = error instanceof Error && error.name === 'ValidationException';
    throw notDone(named(what, error), describe(error), isInvalid, { cause: error });
  }
};
