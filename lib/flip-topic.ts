import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic, type ITopicSubscription, type Subscription } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ENV } from '../contract/environment.ts';
import { allowKey } from './encryption.ts';
import { nameOf, optional, type PipelineSettings } from './context.ts';
import type { SluiceFunction } from './function.ts';

/**
 * Where changes of mode are published, as JSON for programs. Control listens, so that a change takes effect in seconds; it
 * is reached this way because no stage's environment can name control, whose own names the stages' mappings. Messages have
 * modes and crashes, and hold no event: unless the customer names a key, one would only be one more thing that can fail.
 */
export class FlipTopic extends Construct {
  readonly topic: Topic;
  /** For functions that publish. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #key: IKey | undefined;

  constructor(scope: Construct, id: string, context: PipelineSettings) {
    super(scope, id);
    this.#key = context.encryptionKey;
    this.topic = new Topic(this, 'Topic', {
      enforceSSL: true,
      ...optional('masterKey', context.encryptionKey),
      ...optional('topicName', nameOf(context, 'flips')),
    });
    this.environment = { [ENV.flipTopicArn]: this.topic.topicArn };
  }

  grantPublish(grantee: SluiceFunction): void {
    grantee.allow(['sns:Publish'], [this.topic.topicArn]);
    allowKey(grantee, this.#key, 'sns', 'publish');
  }

  /** For programs that want to know: the message is an `Announcement` of `lambdas/core/mode/ports.ts`, as JSON. */
  addSubscription(subscription: ITopicSubscription): Subscription {
    return this.topic.addSubscription(subscription);
  }
}
