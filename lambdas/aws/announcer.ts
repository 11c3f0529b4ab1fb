import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Announcement, Announcer } from '../core/mode/ports.ts';
import { orFault } from './errors.ts';

const MAX_SUBJECT = 100;

/** The first line. SNS takes a line of printable ASCII for a subject, and refuses the whole message otherwise. */
const toSubject = (text: string): string => {
  const [first = ''] = text.split('\n', 1);
  return first.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_SUBJECT);
};

const text = (StringValue: string) => ({ DataType: 'String', StringValue });

/** Publishes changes of mode to the flip topic, as JSON. */
export class SnsAnnouncer implements Announcer {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor(client: SNSClient, topicArn: string) {
    this.#client = client;
    this.#topicArn = topicArn;
  }

  async announce(announcement: Announcement): Promise<void> {
    const command = new PublishCommand({
      TopicArn: this.#topicArn,
      Subject: toSubject(announcement.text),
      Message: JSON.stringify(announcement),
      // A subscriber can choose by them.
      MessageAttributes: { stage: text(announcement.stage), mode: text(announcement.mode) },
    });
    await orFault('Publish', this.#client.send(command));
  }
}
