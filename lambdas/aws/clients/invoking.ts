import { LambdaClient } from '@aws-sdk/client-lambda';
import type { PostLimits } from '../post.ts';
import { noteResource } from '../resources.ts';

/** For invocations of a function that is not the pipeline's. None is repeated: the function may have done its work although no answer came. */
export const invokingClient = (region: string, { connect, answer }: PostLimits): LambdaClient =>
  noteResource(
    new LambdaClient({
      region,
      maxAttempts: 1,
      requestHandler: { connectionTimeout: connect, requestTimeout: answer, throwOnRequestTimeout: true },
    }),
  );
