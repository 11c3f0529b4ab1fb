/** What a function could touch in its account, and with which actions: the rows of the table. */
import { PARTITION } from '../../contract/tables.ts';
import { arn, ACCOUNT } from '../../local/template/physical.ts';
import type { Access } from '../support/iam/policy.ts';
import { nameOf } from './example.ts';

export interface Target {
  readonly group: string;
  readonly what: string;
  /** What IAM is asked for, the action left out. */
  readonly access: Omit<Access, 'action'>;
  /** @default - all of the service's */
  readonly actions?: readonly string[];
}

/** Actions of DynamoDB whose requests need not name a partition key. */
const WITHOUT_KEY = [
  'Scan',
  'PartiQLSelect',
  'PartiQLDelete',
  'DeleteTable',
  'UpdateTable',
  'ExportTableToPointInTime',
];

/** Actions that the pipeline uses, and the neighbors that a mistake, or `*`, would allow as well. */
export const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  dynamodb: [
    'GetItem',
    'BatchGetItem',
    'Query',
    'Scan',
    'PutItem',
    'UpdateItem',
    'DeleteItem',
    'BatchWriteItem',
    'PartiQLSelect',
    'PartiQLDelete',
    'ConditionCheckItem',
    'DeleteTable',
    'UpdateTable',
    'ExportTableToPointInTime',
  ],
  sqs: [
    'SendMessage',
    'ReceiveMessage',
    'DeleteMessage',
    'ChangeMessageVisibility',
    'GetQueueAttributes',
    'SetQueueAttributes',
    'PurgeQueue',
    'DeleteQueue',
  ],
  lambda: [
    'InvokeFunction',
    'GetFunction',
    'UpdateFunctionCode',
    'UpdateFunctionConfiguration',
    'GetEventSourceMapping',
    'UpdateEventSourceMapping',
    'DeleteEventSourceMapping',
  ],
  sns: ['Publish', 'Subscribe', 'SetTopicAttributes', 'DeleteTopic'],
  events: ['PutEvents', 'PutRule', 'PutTargets', 'DeleteEventBus'],
  firehose: ['PutRecord', 'PutRecordBatch', 'DeleteDeliveryStream', 'UpdateDestination'],
  kinesis: ['PutRecord', 'PutRecords', 'GetRecords', 'DeleteStream', 'UpdateShardCount'],
  s3: ['PutObject', 'GetObject', 'DeleteObject', 'PutObjectAcl', 'DeleteBucket'],
  secretsmanager: ['GetSecretValue', 'PutSecretValue', 'DeleteSecret'],
  cloudwatch: [
    'PutMetricData',
    'DescribeAlarms',
    'SetAlarmState',
    'DisableAlarmActions',
    'EnableAlarmActions',
    'PutMetricAlarm',
    'DeleteAlarms',
  ],
  logs: ['CreateLogStream', 'PutLogEvents', 'GetLogEvents', 'DeleteLogGroup'],
  iam: ['PassRole'],
  kms: ['Encrypt', 'Decrypt', 'GenerateDataKey'],
};

const table = (place: string): string => arn('dynamodb', `table/${nameOf(place)}`);
const queue = (place: string): string => arn('sqs', `${nameOf(place)}.fifo`);
const fn = (place: string): string => arn('lambda', `function:${nameOf(place)}`);
const keys = (...of: readonly string[]) => ({ 'dynamodb:LeadingKeys': of });

const state = table('Tables/State');
const parking = table('Tables/Parking');

const item = (group: string, resource: string, key: string, what: string): Target => ({
  group,
  what,
  access: { resource, context: keys(key) },
});

const STATE: readonly Target[] = [
  [PARTITION.mode('router'), "the router's mode, progress, hot keys, late crashes"],
  [PARTITION.mode('crm'), "crm's"],
  [PARTITION.mode('a1'), "another destination's"],
  [PARTITION.attempt('router', '1'), "the router's attempts"],
  [PARTITION.attempt('crm', '1'), "crm's"],
  [PARTITION.attempt('a1', '1'), "another destination's"],
  [PARTITION.seen('key'), 'events that have come before'],
  [PARTITION.pipeline, 'the stages that were ever configured'],
].map(([key = '', what]) =>
  item('State table', state, key, `\`${key.replace(/#(1|key)$/, '#…')}\`: ${what}`),
);

const PARKING: readonly Target[] = [
  [PARTITION.parked('router', 'key'), 'parked by the router'],
  [PARTITION.parked('crm', 'key'), 'parked by crm'],
  [PARTITION.parked('a1', 'key'), 'parked by another destination'],
  [PARTITION.rejected('ingest'), 'accepted by ingest, and unreadable'],
  [PARTITION.rejected('router'), 'rejected by the router'],
  [PARTITION.rejected('crm'), 'rejected by crm'],
  [PARTITION.rejected('a1'), 'rejected by another destination'],
].map(([key = '', what]) =>
  item('Parking table', parking, key, `\`${key.replace(/#key$/, '#…')}\`: ${what}`),
);

const INDEX: readonly Target[] = ['router', 'crm', 'a1'].map((stage) =>
  item(
    'Index of parked keys',
    `${parking}/index/heads`,
    PARTITION.heads(stage, 0),
    `\`${PARTITION.heads(stage, '*')}\``,
  ),
);

const WHOLE: readonly Target[] = [
  ...[state, parking].map((resource) => ({
    group: 'Whole tables',
    what: `the ${resource === state ? 'state' : 'parking'} table, without a key`,
    access: { resource },
    actions: WITHOUT_KEY,
  })),
  {
    group: 'Whole tables',
    what: 'a table of another stack',
    access: { resource: arn('dynamodb', 'table/other'), context: keys('crm#key') },
  },
];

const TAG = 'aws:ResourceTag/sluice:pipeline';
const OWN = { [TAG]: 'Sluice/Pipeline' };

const QUEUES: readonly Target[] = [
  ["the router's", queue('Router/Queue'), OWN],
  ["the router's dead letters", queue('Router/DeadLetterQueue'), OWN],
  ["crm's", queue('Destination-crm/Queue'), OWN],
  ["crm's dead letters", queue('Destination-crm/DeadLetterQueue'), OWN],
  ["another destination's", queue('Destination-a1/Queue'), OWN],
  ['of a destination that was removed', arn('sqs', 'removed.fifo'), OWN],
  ['of another stack', arn('sqs', 'other.fifo'), { [TAG]: 'Other/Pipeline' }],
].map(([what, resource, context]) => ({
  group: 'Queues',
  what: what as string,
  access: { resource: resource as string, context: context as Record<string, string> },
}));

const FUNCTIONS: readonly Target[] = [
  ['the router', fn('Router/Function/Handler'), 'Sluice/Pipeline/router'],
  ['deliver (crm)', fn('Destination-crm/Function/Handler'), 'Sluice/Pipeline/crm'],
  ['deliver of another destination', fn('Destination-a1/Function/Handler'), 'Sluice/Pipeline/a1'],
  ['ingest', fn('Ingest/Function/Handler')],
  ['control', fn('Control/Function/Handler')],
  ['control, through an alias of operators', `${fn('Control/Function/Handler')}:operate`],
  ['of another stack', arn('lambda', 'function:other'), 'Other/Pipeline/crm'],
].map(([what = '', resource = '', tag]) => ({
  group: 'Functions',
  what,
  access: { resource, ...(tag === undefined ? {} : { context: { 'aws:ResourceTag/sluice:function': tag } }) },
}));

const mapping = (what: string, invoked: string): Target => ({
  group: 'Event source mappings',
  what,
  access: {
    resource: arn('lambda', `event-source-mapping:${nameOf('Destination-crm/Mapping')}`),
    context: { 'lambda:FunctionArn': invoked },
  },
});

const MAPPINGS: readonly Target[] = [
  mapping("crm's", fn('Destination-crm/Function/Handler')),
  mapping("crm's, pointed to a function of another stack", arn('lambda', 'function:other')),
  {
    group: 'Event source mappings',
    what: "the dead letters' of crm",
    access: {
      resource: arn('lambda', `event-source-mapping:${nameOf('Destination-crm/DeadLetterMapping')}`),
      context: { 'lambda:FunctionArn': fn('Destination-crm/Function/Handler') },
    },
  },
];

const simple = (group: string, rows: readonly (readonly [string, string])[]): readonly Target[] =>
  rows.map(([what, resource]) => ({ group, what, access: { resource } }));

const secret = (name: string): string => arn('secretsmanager', `secret:${name}-Ab12Cd`);
const alarm = (name: string): string => `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:${name}`;
const metrics = (what: string, namespace: string): Target => ({
  group: 'CloudWatch',
  what,
  access: { resource: '*', context: { 'cloudwatch:namespace': namespace } },
});

export const TARGETS: readonly Target[] = [
  ...STATE,
  ...PARKING,
  ...INDEX,
  ...WHOLE,
  ...QUEUES,
  ...FUNCTIONS,
  ...MAPPINGS,
  ...simple('Topics', [
    ['mode changes', arn('sns', nameOf('Flips/Topic'))],
    ['alarms', arn('sns', nameOf('Alerting/AlarmTopic'))],
    ['notices', arn('sns', nameOf('Alerting/NoticeTopic'))],
  ]),
  ...simple('Secrets', [
    ['that crm names', secret('crm/token')],
    ['that the transform or the destination does not name', secret('other')],
  ]),
  metrics("Sluice's namespace", 'Sluice'),
  metrics('another namespace', 'AWS/Billing'),
  ...simple('CloudWatch', [
    ["the pipeline's alarms", alarm('Sluice/Pipeline: Crashes')],
    ['other alarms', alarm('Other/Pipeline: Crashes')],
  ]),
  ...simple('Other', [
    ['any role', `arn:aws:iam::${ACCOUNT}:role/any`],
    ['any key', arn('kms', 'key/any')],
  ]),
];
