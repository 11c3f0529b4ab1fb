/**
 * Errors of the core's ports. A data fault (a bad event, a refused request) is a value. Only infrastructure throws, and always an
 * `InfraFault`; anything else that is thrown is a crash, of the user's code or of ours.
 */

/** AWS did not do what it was asked: it is down, throttles, or took too long. Never counts as a crash. */
export class InfraFault extends Error {
  override name = 'InfraFault';
}

/**
 * AWS does not let us: a permission is missing, or a resource or a secret does not exist. No retry helps until an operator changes that, so
 * that it counts as a failure of the stage, and names itself.
 */
export class AccessFault extends InfraFault {
  override name = 'AccessFault';
}

/**
 * AWS does not take a message because of the message itself (it is too large, or holds what AWS cannot store), however often
 * it is asked to. The message is parked, and says nothing about the stage.
 */
export class MessageRefused extends Error {
  override name = 'MessageRefused';
}

/** A cursor that we did not issue: a caller error. */
export class BadCursor extends Error {
  override name = 'BadCursor';

  constructor(options?: ErrorOptions) {
    super('cursor: it is not one that was given with a page; leave it out to begin at the start', options);
  }
}
