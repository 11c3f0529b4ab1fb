/** What AWS asks IAM for when it gets a call: the actions, resources and condition keys of the Service Authorization Reference. */
import type { Access } from './policy.ts';
import { ACCOUNT, arn, lastPart } from '../../../local/template/physical.ts';

type Json = Readonly<Record<string, unknown>>;
type Item = Readonly<Record<string, { readonly S?: string }>>;

/** A call, as its SDK client makes it. */
export interface Call {
  /** `dynamodb`, `sqs`, `lambda`, `sns`, `cloudwatch`, `secretsmanager`, `kinesis`, `firehose`, `s3`, `events`. */
  readonly service: string;
  /** As the API has it: `SendMessageBatch`. */
  readonly operation: string;
  readonly input: Json;
}

/** What the reference to a resource means, when it is not in the call. */
export interface Facts {
  /** The function that a mapping invokes, by the mapping's id. */
  readonly functionOf: (mappingId: string) => string;
  /** The value of a queue's tag, by the queue's name. */
  readonly tagsOf: (queueName: string) => Readonly<Record<string, string>>;
  /** The same of a function, by its name. */
  readonly tagsOfFunction: (functionName: string) => Readonly<Record<string, string>>;
}

const PARTITION_KEYS = ['pk', 'indexShard'];

const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new Error(`expected text: ${JSON.stringify(value)}`);
  return value;
};

const keysOf = (items: readonly (Item | undefined)[]): readonly string[] => [
  ...new Set(items.map((item) => text(item?.['pk']?.S))),
];

const tableArn = (name: string): string => arn('dynamodb', `table/${name}`);

/** A query's partition key: `pk = :pk`. */
const queried = (input: Json): string => {
  const expression = text(input['KeyConditionExpression']);
  const [, name = '', placeholder = ''] = /^(\w+) = (:\w+)/.exec(expression) ?? [];
  if (!PARTITION_KEYS.includes(name)) throw new Error(`no partition key: ${expression}`);
  return text((input['ExpressionAttributeValues'] as Item)[placeholder]?.S);
};

/** @returns undefined for an operation that is not known here */
const dynamo = (operation: string, input: Json): readonly Access[] | undefined => {
  const of = (resource: string, keys: readonly string[]): Access => ({
    action: `dynamodb:${operation}`,
    resource,
    context: { 'dynamodb:LeadingKeys': keys },
  });
  switch (operation) {
    case 'GetItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return [of(tableArn(text(input['TableName'])), keysOf([input['Key'] as Item]))];
    case 'PutItem':
      return [of(tableArn(text(input['TableName'])), keysOf([input['Item'] as Item]))];
    case 'Query': {
      const table = tableArn(text(input['TableName']));
      const index = input['IndexName'];
      return [of(index === undefined ? table : `${table}/index/${text(index)}`, [queried(input)])];
    }
    case 'BatchGetItem': {
      const tables = Object.entries(input['RequestItems'] as Record<string, { Keys: readonly Item[] }>);
      // Whether a table is asked for with its own keys or with those of all tables is not documented: both must be allowed.
      const all = keysOf(tables.flatMap(([, { Keys }]) => Keys));
      return tables.flatMap(([name, { Keys }]) => [
        of(tableArn(name), keysOf(Keys)),
        of(tableArn(name), all),
      ]);
    }
    default:
      return undefined;
  }
};

const tagContext = (tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`aws:ResourceTag/${tag}`, value]));

const sqs = (operation: string, input: Json, { tagsOf }: Facts): readonly Access[] => {
  const name = lastPart(text(input['QueueUrl']));
  return [
    {
      // SQS has no permissions for batches: they need the one for a single message.
      action: `sqs:${operation.replace(/Batch$/, '')}`,
      resource: arn('sqs', name),
      context: tagContext(tagsOf(name)),
    },
  ];
};

const lambda = (
  operation: string,
  input: Json,
  { functionOf, tagsOfFunction }: Facts,
): readonly Access[] | undefined => {
  if (operation === 'Invoke') {
    const name = text(input['FunctionName']);
    const resource = name.startsWith('arn:') ? name : arn('lambda', `function:${name}`);
    const { Qualifier } = input;
    return [
      {
        action: 'lambda:InvokeFunction',
        // A version or an alias is a resource of its own.
        resource: Qualifier === undefined ? resource : `${resource}:${text(Qualifier)}`,
        context: tagContext(tagsOfFunction(lastPart(name))),
      },
    ];
  }
  if (!operation.endsWith('EventSourceMapping')) return undefined;
  const id = text(input['UUID']);
  return [
    {
      action: `lambda:${operation}`,
      resource: arn('lambda', `event-source-mapping:${id}`),
      context: {
        'lambda:FunctionArn': arn('lambda', `function:${text(input['FunctionName'] ?? functionOf(id))}`),
      },
    },
  ];
};

const cloudWatch = (operation: string, input: Json): readonly Access[] => {
  const action = `cloudwatch:${operation}`;
  if (operation === 'PutMetricData')
    return [{ action, resource: '*', context: { 'cloudwatch:namespace': text(input['Namespace']) } }];
  if (operation === 'DescribeAlarms') return [{ action, resource: '*' }];
  const names = (input['AlarmNames'] ?? [input['AlarmName']]) as readonly string[];
  return names.map((name) => ({ action, resource: `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:${name}` }));
};

const s3 = (operation: string, input: Json): readonly Access[] => {
  const bucket = `arn:aws:s3:::${text(input['Bucket'])}`;
  // S3 has no permission of that name for a list.
  return operation === 'ListObjectsV2'
    ? [{ action: 's3:ListBucket', resource: bucket, context: { 's3:prefix': text(input['Prefix']) } }]
    : [{ action: `s3:${operation}`, resource: `${bucket}/${text(input['Key'])}` }];
};

const accessesOf = ({ service, operation, input }: Call, facts: Facts): readonly Access[] | undefined => {
  switch (service) {
    case 'dynamodb':
      return dynamo(operation, input);
    case 'sqs':
      return sqs(operation, input, facts);
    case 'lambda':
      return lambda(operation, input, facts);
    case 'cloudwatch':
      return cloudWatch(operation, input);
    case 'events':
      return ((input['Entries'] ?? []) as readonly Json[]).map((entry) => ({
        action: `events:${operation}`,
        resource: text(entry['EventBusName']),
      }));
    case 'kinesis':
      return [{ action: `kinesis:${operation}`, resource: text(input['StreamARN']) }];
    case 'firehose':
      return [
        {
          action: `firehose:${operation}`,
          resource: arn('firehose', `deliverystream/${text(input['DeliveryStreamName'])}`),
        },
      ];
    case 's3':
      return s3(operation, input);
    case 'sns':
      // As SQS: a batch needs the permission for a single message.
      return [{ action: `sns:${operation.replace(/Batch$/, '')}`, resource: text(input['TopicArn']) }];
    case 'secretsmanager':
      // Secrets Manager adds a dash and six characters to a name.
      return [
        {
          action: `secretsmanager:${operation}`,
          resource: arn('secretsmanager', `secret:${text(input['SecretId'])}-Ab12Cd`),
        },
      ];
    default:
      return undefined;
  }
};

/** @throws Error for a call that is not known here */
export const accesses = (call: Call, facts: Facts): readonly Access[] => {
  const found = accessesOf(call, facts);
  if (found === undefined)
    throw new Error(`it is not known what ${call.service} asks IAM for at ${call.operation}`);
  return found;
};
