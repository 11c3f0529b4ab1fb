/** The kinds of destinations whose costs are counted, and the loads. */
import type { PipelineConfig } from '../../../config/index.ts';
import { ARCHIVE } from '../../../contract/archive.ts';
import type { Delivery } from './counted.ts';

type Destination = PipelineConfig['destinations'][number];

/** How events are sent; the columns of the table. */
export const SHAPES = [
  { name: 'one event in a request', batch: 1, events: { busy: 300, 'one by one': 150 } },
  { name: 'batches of 20 events of one user', batch: 20, events: { busy: 1_000, 'one by one': 600 } },
] as const;
export const DELIVERIES: readonly Delivery[] = ['busy', 'one by one'];

export const WEBHOOK = 'webhook';

/** At the receiver: of the webhook, and of the catalogue's, whose requests all go there, whatever their host. */
export const PATHS = { webhook: '/webhook', actions: '/actions' } as const;

/** What a row is of, and what it leaves out. */
export const ABOUT: Readonly<Record<string, string>> = {
  [WEBHOOK]: 'a request for each event',
  actions: "the catalogue's webhook, a request for each event",
  sqs: 'a FIFO queue',
  sns: 'a FIFO topic, without its deliveries',
  kinesis: "without a shard's hours",
  firehose: 'without what it writes to',
  s3: '`batch: 20`, without what is kept',
  eventbridge: 'without its rules',
  lambda: "`batch: 20`, without the function's own time",
  [ARCHIVE]: 'a record of Firehose for each message, without its files',
  replay: 'to the webhook: parked, and drained',
};

/** @param url of the webhook */
export const kindsOf = (url: string): readonly Destination[] => [
  { id: WEBHOOK, type: 'webhook', url },
  {
    id: 'actions',
    type: 'actions',
    destination: 'webhook',
    subscriptions: [
      {
        action: 'send',
        subscribe: 'type = "track"',
        mapping: { url: `https://service.example${PATHS.actions}` },
      },
    ],
  },
  { id: 'sqs', type: 'sqs', queue: 'orders.fifo' },
  { id: 'sns', type: 'sns', topic: 'orders.fifo' },
  { id: 'kinesis', type: 'kinesis', stream: 'clicks' },
  { id: 'firehose', type: 'firehose', deliveryStream: 'lake' },
  { id: 's3', type: 's3', bucket: 'lake', batch: 20 },
  { id: 'eventbridge', type: 'eventbridge', bus: 'company' },
  {
    id: 'lambda',
    type: 'lambda',
    function: 'enrich',
    batch: 20,
  },
];
