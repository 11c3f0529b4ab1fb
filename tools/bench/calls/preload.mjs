/**
 * Preloaded into the local run's process: counts each function's calls of AWS, in the units that AWS bills. The pipeline's own code and
 * the local run know nothing of it. `counts.ts` reads what it writes.
 */
import { IncomingMessage, Server, ServerResponse } from 'node:http';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { markFunctions } from '../../driver/mark-functions.mjs';

const FILE = join(process.env.SLUICE_DATA_DIR ?? '.', 'bench-calls.json');
const WRITE_EVERY_MS = 200;

/** The session token that a function sends with each call: it names the function. */
const MARK = 'sluice-bench-function ';

markFunctions(MARK);

const SERVICES = {
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  secretsmanager: 'secretsmanager',
  GraniteServiceVersion20100801: 'cloudwatch',
};

const REQUEST_UNIT = 65_536;
const READ_UNIT = 4_096;
const WRITE_UNIT = 1_024;
const units = (bytes, unit) => Math.max(1, Math.ceil(bytes / unit));
const sum = (values) => values.reduce((total, value) => total + value, 0);
const sizeOf = (value) => Buffer.byteLength(JSON.stringify(value));

/** A request for each begun 64 KB of what is sent or received. */
const sqsUnits = (operation, input, answerBytes) => {
  if (operation === 'SendMessageBatch')
    return units(sum(input.Entries.map(({ MessageBody }) => Buffer.byteLength(MessageBody))), REQUEST_UNIT);
  if (operation === 'SendMessage') return units(Buffer.byteLength(input.MessageBody), REQUEST_UNIT);
  return operation === 'ReceiveMessage' ? units(answerBytes, REQUEST_UNIT) : 1;
};

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

const counts = new Map();
const metrics = new Map();
let isDirty = false;

const countMetrics = (functionName, input) => {
  for (const { MetricName, Dimensions = [] } of input.MetricData ?? []) {
    const dimensions = Dimensions.map(({ Name, Value }) => `${Name}=${Value}`).sort();
    const name = [input.Namespace, MetricName, ...dimensions].join(' ');
    metrics.set(name, functionName);
  }
};

const operationOf = ({ headers, url, method }) => {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const [prefix = '', operation = ''] = target.split('.');
    return [SERVICES[prefix] ?? prefix, operation];
  }
  if (url.endsWith('/invocations') || url.includes('/invocations?')) return ['lambda', 'Invoke'];
  if (url.includes('/event-source-mappings/'))
    return ['lambda', method === 'GET' ? 'GetEventSourceMapping' : 'UpdateEventSourceMapping'];
  return ['sns', 'Publish'];
};

const parsed = (headers, body) => {
  try {
    return JSON.parse((headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString());
  } catch {
    return {};
  }
};

const count = (functionName, request, body, answerBytes) => {
  const [service, operation] = operationOf(request);
  const input = parsed(request.headers, body);
  const key = `${functionName} ${service} ${operation}`;
  const known = counts.get(key) ?? {
    functionName,
    service,
    operation,
    calls: 0,
    requests: 0,
    reads: 0,
    writes: 0,
    bytes: 0,
  };
  const { reads = 0, writes = 0 } = service === 'dynamodb' ? dynamoUnits(operation, input, answerBytes) : {};
  counts.set(key, {
    ...known,
    calls: known.calls + 1,
    requests: known.requests + (service === 'sqs' ? sqsUnits(operation, input, answerBytes) : 1),
    reads: known.reads + reads,
    writes: known.writes + writes,
    bytes: known.bytes + body.length,
  });
  if (operation === 'PutMetricData') countMetrics(functionName, input);
  isDirty = true;
};

const CHUNKS = Symbol('chunks');
const ANSWERED = Symbol('answered');

const { push } = IncomingMessage.prototype;
IncomingMessage.prototype.push = function (chunk, encoding) {
  if (chunk !== null && this[CHUNKS] !== undefined) this[CHUNKS].push(Buffer.from(chunk));
  return push.call(this, chunk, encoding);
};

for (const name of ['write', 'end']) {
  const original = ServerResponse.prototype[name];
  ServerResponse.prototype[name] = function (chunk, ...rest) {
    if (this[ANSWERED] !== undefined && chunk !== null && chunk !== undefined && typeof chunk !== 'function')
      this[ANSWERED] += Buffer.byteLength(chunk);
    return original.call(this, chunk, ...rest);
  };
}

const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...args) {
  const [request, response] = args;
  const token = event === 'request' ? request.headers['x-amz-security-token'] : undefined;
  if (typeof token === 'string' && token.startsWith(MARK)) {
    // The body is read later: nothing of it has been pushed when the headers have just been parsed.
    request[CHUNKS] = [];
    response[ANSWERED] = 0;
    response.once('finish', () => {
      count(token.slice(MARK.length), request, Buffer.concat(request[CHUNKS]), response[ANSWERED]);
    });
  }
  return emit.call(this, event, ...args);
};

setInterval(() => {
  if (!isDirty) return;
  isDirty = false;
  const all = { calls: [...counts.values()], metrics: [...metrics].map(([name, from]) => ({ name, from })) };
  // Whole or not at all: it is read at any moment.
  writeFileSync(`${FILE}.new`, JSON.stringify(all));
  renameSync(`${FILE}.new`, FILE);
}, WRITE_EVERY_MS).unref();
