/**
 * The sender of a kind of destination. The code of each kind but the webhook's is in a file of its own, which only its functions read; and so
 * is that of the webhook's tokens.
 */
import type { DestinationSettings, TimingSettings, WebhookSettings } from '../../../contract/settings.ts';
import type { DirectCalls } from '../../aws/direct-calls.ts';
import type { Secrets } from '../../aws/secrets.ts';
import type { Clock } from '../../core/base/clock.ts';
import type { Networks } from '../address.ts';
import { httpClient } from '../http-client.ts';
import type { Sender } from './sender.ts';
import { webhookSender } from './webhook/sender.ts';

/** What a kind may need. */
export interface KindDeps {
  readonly timing: Pick<TimingSettings, 'requestTimeout'>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly calls: Pick<DirectCalls, 'dynamo'>;
  readonly newId: () => string;
  /** The local run's destinations are on this machine. */
  readonly allowsLoopback: boolean;
}

const networksOf = ({ allowPrivateNetwork: allowed }: WebhookSettings, allowsLoopback: boolean): Networks => [
  ...(allowed === true ? (['private'] as const) : allowed || []),
  ...(allowsLoopback ? (['loopback'] as const) : []),
];

const webhook = async (destination: WebhookSettings, deps: KindDeps): Promise<Sender> => {
  const networks = networksOf(destination, deps.allowsLoopback);
  const send = httpClient({ timeout: deps.timing.requestTimeout, networks });
  const { auth } = destination;
  const tokens = auth && (await import('./webhook/oauth.ts')).tokenSource({ ...deps, auth, send });
  return webhookSender({ ...deps, destination, send, tokens });
};

export const senderOf = async (destination: DestinationSettings, deps: KindDeps): Promise<Sender> => {
  switch (destination.type) {
    case 'webhook':
      return webhook(destination, deps);
    case 'sqs':
      return (await import('./sqs/index.ts')).sqsDestination(destination, deps);
    case 'sns':
      return (await import('./sns/index.ts')).snsDestination(destination, deps);
    case 'kinesis':
      return (await import('./kinesis/index.ts')).kinesisDestination(deps);
    case 'lambda':
      return (await import('./lambda/index.ts')).lambdaDestination(destination, deps);
    case 'eventbridge':
      return (await import('./eventbridge/index.ts')).eventBridgeDestination(destination, deps);
    case 'actions':
      return (await import('./actions/index.ts')).actionsDestination(destination, deps);
    case 'firehose':
      return (await import('./firehose/index.ts')).firehoseDestination(deps);
    case 's3':
      return (await import('./s3/index.ts')).s3Destination(destination, deps);
    case 'archive':
      return (await import('./archive/index.ts')).archiveDestination(deps);
    case 'canary':
      return (await import('./canary/index.ts')).canaryDestination(deps);
  }
};
