/**
 * Preloaded into the local run's process: counts each function's calls of AWS, in the units that AWS bills (`units.mjs`). The pipeline's own code and
 * the local run know nothing of it. `counts.ts` reads what it writes.
 */
import { IncomingMessage, Server, ServerResponse } from 'node:http';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { markFunctions } from '../../driver/mark-functions.mjs';
import { billedOf, operationOf } from './units.mjs';

const FILE = join(process.env.SLUICE_DATA_DIR ?? '.', 'bench-calls.json');
const WRITE_EVERY_MS = 200;

/** The session token that a function sends with each call: it names the function. */
const MARK = 'sluice-bench-function ';

markFunctions(MARK);

/** Milliseconds after which a service that a destination sends to answers; 0: as soon as it can. */
const ANSWER_MS = Number(process.env.SLUICE_BENCH_ANSWER_MS ?? 0);
const SERVICES_OF_DESTINATIONS = new Set(['kinesis', 'firehose', 'eventbridge', 's3', 'sns', 'lambda']);

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

const bodyOf = (headers, body) =>
  (headers['content-encoding'] === 'gzip' && headers['x-amz-target'] !== undefined
    ? gunzipSync(body)
    : body
  ).toString();

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
};

/** The queue that is sent to: of each destination there is one. */
const toOf = (service, operation, { QueueUrl }) =>
  service === 'sqs' && operation.startsWith('SendMessage') ? String(QueueUrl).split('/').at(-1) : undefined;

const count = (functionName, request, body, answerBytes) => {
  const text = bodyOf(request.headers, body);
  const [service, operation] = operationOf(request, text);
  const input = parsed(text);
  const to = toOf(service, operation, input);
  const key = [functionName, service, operation, to].join(' ');
  const known = counts.get(key) ?? {
    ...{ functionName, service, operation, calls: 0, requests: 0, reads: 0, writes: 0, bytes: 0 },
    ...(to === undefined ? {} : { to }),
  };
  const billed = billedOf([service, operation], { text, input, answerBytes });
  counts.set(key, {
    ...known,
    calls: known.calls + 1,
    ...Object.fromEntries(Object.entries(billed).map(([name, value]) => [name, known[name] + value])),
  });
  if (operation === 'PutMetricData') countMetrics(functionName, input);
  isDirty = true;
};

/** By the headers alone: the body is not there yet. */
const isSlow = (functionName, request) => {
  if (ANSWER_MS === 0 || !functionName.includes('Destination')) return false;
  const [service, operation] = operationOf(request, '');
  return SERVICES_OF_DESTINATIONS.has(service) || (service === 'sqs' && operation.startsWith('SendMessage'));
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
    const functionName = token.slice(MARK.length);
    // The body is read later: nothing of it has been pushed when the headers have just been parsed.
    request[CHUNKS] = [];
    response[ANSWERED] = 0;
    response.once('finish', () => {
      count(functionName, request, Buffer.concat(request[CHUNKS]), response[ANSWERED]);
    });
    if (isSlow(functionName, request)) {
      setTimeout(() => emit.call(this, event, ...args), ANSWER_MS);
      return true;
    }
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
