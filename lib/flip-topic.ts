import { Topic, type ITopicSubscription, type Subscription } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ENV } from '../contract/environment.ts';
import { nameOf, optional, type PipelineContext } from './context.ts';
import type { SluiceFunction } from './function.ts';

/**
 * Where changes of mode are published, as JSON for programs. Control listens, so that a change takes effect in seconds; it
 * is reached this way because no stage's environment can name control, whose own names the stages' mappings. Messages tell of
 * modes and crashes, and hold no event: a key of ours to encrypt them with would only be one more thing that can fail.
 */
export class FlipTopic extends Construct {
  readonly topic: Topic;
  /** For functions that publish. */
  readonly environment: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, context: PipelineContext) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', {
      enforceSSL: true,
      ...optional('topicName', nameOf(context, 'flips')),
    });
    this.environment = { [ENV.flipTopicArn]: this.topic.topicArn };
  }

  grantPublish(grantee: SluiceFunction): void {
    grantee.allow(['sns:Publish'], [this.topic.topicArn]);
  }

  /** For programs that want to know: the message is an `Announcement` of `lambdas/core/mode/ports.ts`, as JSON. */
  addSubscription(subscription: ITopicSubscription): Subscription {
    return this.topic.addSubscription(subscription);
  }
}
