/**
 * Headers that SDKs send, for the browsers' preflight. Named one by one: `*` never covers `Authorization`, and means
 * nothing in a request with credentials.
 */
export const CORS_HEADERS = [
  'Accept',
  'AnonymousId',
  'Authorization',
  'Content-Encoding',
  'Content-Type',
  'Rsa-Recovered',
  'Rsa-Retry-Attempt',
  'Rsa-Retry-Reason',
  'Rsa-Since-First-Attempt',
  'Rsa-Since-Last-Attempt',
  'SentAt',
  'X-Retry-Count',
] as const;
