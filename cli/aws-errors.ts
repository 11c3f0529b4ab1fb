/** What AWS refuses, as one line that says what to change. */
import { CommandFailure, codeOf, messageOf, nameOf } from './failure.ts';
import { plain } from './format.ts';

export interface Attempted {
  /** The permission that the call needs: "lambda:InvokeFunction on Sluice-Control". */
  readonly permission: string;
  /** The method of the construct that grants it. */
  readonly grant?: string;
  readonly what: string;
}

const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);
const BAD_CREDENTIALS = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']);
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

export const isDenied = (error: unknown): boolean => DENIED.has(nameOf(error));

export const isUnreachable = (error: unknown): boolean => UNREACHABLE.has(codeOf(error));

/** No other call will be answered either. */
export const isHopeless = (error: unknown): boolean =>
  NO_CREDENTIALS.has(nameOf(error)) ||
  BAD_CREDENTIALS.has(nameOf(error)) ||
  isUnreachable(error) ||
  messageOf(error) === REGION_MISSING;

const REGION_MISSING = 'Region is missing';
const LOG_IN = 'log in (aws sso login), or choose other credentials with --profile or AWS_PROFILE';

/** @returns an error that says what to do about `error`, which is its cause */
export const awsFailure = (error: unknown, { permission, grant, what }: Attempted): CommandFailure => {
  const name = nameOf(error);
  const message = plain(messageOf(error));
  const text = (): string => {
    if (NO_CREDENTIALS.has(name)) return `there are no AWS credentials (${message}); ${LOG_IN}`;
    if (BAD_CREDENTIALS.has(name))
      return `AWS does not take the credentials (${name}: ${message}); ${LOG_IN}`;
    if (isDenied(error)) {
      const remedy = grant === undefined ? '' : `; ${grant} gives it`;
      return `the credentials lack the permission ${permission}${remedy}\n${message}`;
    }
    if (message === REGION_MISSING) return 'no AWS region is set; set --region or AWS_REGION';
    if (isUnreachable(error)) return `AWS cannot be reached (${message}); is the region right? Set --region`;
    if (name === 'TimeoutError') {
      return `${what} took too long (${message}); it may be done anyway: look with npx sluice status`;
    }
    return `${what} failed: ${name}: ${message}`;
  };
  return new CommandFailure(text(), { cause: error });
};
