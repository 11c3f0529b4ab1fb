/**
 * Limits of the AWS SDK's clients that fit a function's few seconds: two attempts of 1 s to connect and 2 s to answer, and
 * the pause between them. `CALL_MARGIN` in `core/base/limits.ts` counts on it.
 */
export const limits = {
  maxAttempts: 2,
  // Without `throwOnRequestTimeout` the SDK only warns when a request takes too long, and waits on.
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
};
