/** What a stage seldom asks of other services of AWS: in a file of its own, which is loaded when it is needed first. */
import { SnsAnnouncer } from '../aws/announcer.ts';
import { invokeClient, snsClient, sqsClient } from '../aws/clients.ts';
import { LambdaFunctions } from '../aws/functions.ts';
import { SqsQueueCounts } from '../aws/queue-counts.ts';
import type { Clock } from '../core/base/clock.ts';

export const seldomOthers = (topicArn: string, queuesUrl: string, clock: Clock) => ({
  announcer: new SnsAnnouncer(snsClient(), topicArn),
  functions: new LambdaFunctions(invokeClient(), clock),
  queueCounts: new SqsQueueCounts(sqsClient(), queuesUrl),
});
