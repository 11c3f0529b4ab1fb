import { SNSClient } from '@aws-sdk/client-sns';
import type { PostLimits } from '../post.ts';
import { noteResource } from '../resources.ts';

/** For a topic that is not the pipeline's. No call is repeated: the stage tries again. */
export const publishingClient = (region: string, { connect, answer }: PostLimits): SNSClient =>
  noteResource(
    new SNSClient({
      region,
      maxAttempts: 1,
      requestHandler: { connectionTimeout: connect, requestTimeout: answer, throwOnRequestTimeout: true },
    }),
  );
