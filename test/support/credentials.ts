/** What a test's local services let its clients in with. */
export const CREDENTIALS = { accessKeyId: 'SLUICE0TEST', secretAccessKey: 'any' };

/** For a request without an SDK. */
export const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=${CREDENTIALS.accessKeyId}/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0`;
