/** A published message, and the forms in which SNS hands it to its subscribers. */
import { REGION } from '../template/physical.ts';

export interface MessageAttribute {
  readonly Type: string;
  readonly Value: string;
}

export interface PublishedMessage {
  readonly id: string;
  readonly topicArn: string;
  readonly subject: string | undefined;
  readonly message: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
}

const HOST = `https://sns.${REGION}.amazonaws.com`;
/** Nobody can check signatures of a topic that exists on this machine only. */
const UNSIGNED = Buffer.from('not signed: a local run').toString('base64');
const CERTIFICATE = `${HOST}/SimpleNotificationService-local.pem`;

const common = ({ id, topicArn, subject, message, publishedAt }: PublishedMessage) => ({
  Type: 'Notification',
  MessageId: id,
  TopicArn: topicArn,
  ...(subject === undefined ? {} : { Subject: subject }),
  Message: message,
  Timestamp: new Date(publishedAt).toISOString(),
  SignatureVersion: '1',
  Signature: UNSIGNED,
});

const unsubscribeUrl = (subscriptionArn: string): string =>
  `${HOST}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`;

/** The body of a POST to a URL, and of a message in a subscription's dead-letter queue. */
export const toEnvelope = (message: PublishedMessage, subscriptionArn: string): string =>
  JSON.stringify({
    ...common(message),
    SigningCertURL: CERTIFICATE,
    UnsubscribeURL: unsubscribeUrl(subscriptionArn),
    ...(Object.keys(message.attributes).length === 0 ? {} : { MessageAttributes: message.attributes }),
  });

/** Lambda spells two of the names in another way. */
export const toLambdaEvent = (message: PublishedMessage, subscriptionArn: string): object => ({
  Records: [
    {
      EventVersion: '1.0',
      EventSubscriptionArn: subscriptionArn,
      EventSource: 'aws:sns',
      Sns: {
        ...common(message),
        Subject: message.subject ?? null,
        SigningCertUrl: CERTIFICATE,
        UnsubscribeUrl: unsubscribeUrl(subscriptionArn),
        MessageAttributes: message.attributes,
      },
    },
  ],
});
