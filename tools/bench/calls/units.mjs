/**
 * Of a call: which service's it is, and in which units AWS bills it. Plain JavaScript, since `preload.mjs` needs it before the loader for
 * TypeScript is there.
 */
const SERVICES = {
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  secretsmanager: 'secretsmanager',
  GraniteServiceVersion20100801: 'cloudwatch',
  Kinesis_20131202: 'kinesis',
  Firehose_20150804: 'firehose',
  AWSEvents: 'eventbridge',
};

const KB = 1_024;
const SQS_REQUEST = 64 * KB;
const PUT_UNIT = 25 * KB;
const FIREHOSE_UNIT = 5 * KB;
const EVENT_UNIT = 64 * KB;
const READ_UNIT = 4 * KB;
const WRITE_UNIT = KB;

const units = (bytes, unit) => Math.max(1, Math.ceil(bytes / unit));
const sum = (values) => values.reduce((total, value) => total + value, 0);
const sizeOf = (value) => Buffer.byteLength(JSON.stringify(value));
const decoded = ({ Data }) => Buffer.from(Data, 'base64').length;

/** @returns the service and the operation */
export const operationOf = ({ headers, url, method }, text) => {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const [prefix = '', operation = ''] = target.split('.');
    return [SERVICES[prefix] ?? prefix, operation];
  }
  if (url.endsWith('/invocations') || url.includes('/invocations?')) return ['lambda', 'Invoke'];
  if (url.includes('/event-source-mappings/'))
    return ['lambda', method === 'GET' ? 'GetEventSourceMapping' : 'UpdateEventSourceMapping'];
  if (method === 'PUT') return ['s3', 'PutObject'];
  if (method === 'GET') return ['s3', url.includes('list-type=2') ? 'ListObjectsV2' : 'GetObject'];
  return ['sns', new URLSearchParams(text).get('Action') ?? 'Publish'];
};

/** A request for each begun 64 KB of what is sent or received. */
const sqsUnits = (operation, input, answerBytes) => {
  if (operation === 'SendMessageBatch')
    return units(sum(input.Entries.map(({ MessageBody }) => Buffer.byteLength(MessageBody))), SQS_REQUEST);
  if (operation === 'SendMessage') return units(Buffer.byteLength(input.MessageBody), SQS_REQUEST);
  return operation === 'ReceiveMessage' ? units(answerBytes, SQS_REQUEST) : 1;
};

/** A topic that is FIFO bills each message of a call. */
const snsMessages = (text) =>
  [...new URLSearchParams(text)]
    .filter(([name]) => /(^|\.)Message$/.test(name))
    .map(([, message]) => message);

const strength = ({ ConsistentRead }) => (ConsistentRead === true ? 1 : 0.5);

/** Read units and write units. The size of an item is that of its JSON, which is a little more. */
const dynamoUnits = (operation, input, answerBytes) => {
  switch (operation) {
    case 'BatchGetItem':
      return { reads: sum(Object.values(input.RequestItems).map((of) => of.Keys.length * strength(of))) };
    case 'GetItem':
    case 'Query':
    case 'Scan':
      return { reads: units(answerBytes, READ_UNIT) * strength(input) };
    case 'BatchWriteItem':
      return {
        writes: sum(
          Object.values(input.RequestItems).map((all) =>
            sum(all.map((one) => units(sizeOf(one), WRITE_UNIT))),
          ),
        ),
      };
    case 'TransactWriteItems':
      return { writes: 2 * sum(input.TransactItems.map((one) => units(sizeOf(one), WRITE_UNIT))) };
    default:
      return { writes: units(sizeOf(input.Item ?? input.ExpressionAttributeValues ?? {}), WRITE_UNIT) };
  }
};

/**
 * @param call `text`: the request's body; `input`: the same, if it is JSON
 * @returns `requests`, of what the service bills; `reads` and `writes`, of DynamoDB; `bytes`, of the messages of SNS and else of the body
 */
export const billedOf = ([service, operation], { text, input, answerBytes }) => {
  const bytes = Buffer.byteLength(text);
  const none = { requests: 1, reads: 0, writes: 0, bytes };
  switch (service) {
    case 'sqs':
      return { ...none, requests: sqsUnits(operation, input, answerBytes) };
    case 'dynamodb':
      return { ...none, ...dynamoUnits(operation, input, answerBytes) };
    case 'kinesis':
      return { ...none, requests: units(decoded(input), PUT_UNIT) };
    case 'firehose':
      return {
        ...none,
        requests: sum((input.Records ?? [input.Record]).map((one) => units(decoded(one), FIREHOSE_UNIT))),
      };
    case 'eventbridge':
      return {
        ...none,
        requests: sum(input.Entries.map(({ Detail }) => units(Buffer.byteLength(Detail), EVENT_UNIT))),
      };
    case 'sns': {
      const messages = snsMessages(text);
      const size = sum(messages.map((message) => Buffer.byteLength(message)));
      return { ...none, requests: Math.max(1, messages.length), bytes: size };
    }
    default:
      return none;
  }
};
