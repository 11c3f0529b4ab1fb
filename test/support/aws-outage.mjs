/**
 * Preloaded into the local run's process: while the file that SLUICE_TEST_OUTAGE names exists, the services that are named
 * in it (`sqs`, `dynamodb`, or both) answer every request with a server error. The pipeline's own code knows nothing of it.
 * The event source mappings of the local run read its SQS without a request, and continue with the messages in the queues.
 */
import { readFileSync } from 'node:fs';
import { Server } from 'node:http';

/** What a client's header X-Amz-Target begins with, and the error's name. */
const SERVICES = {
  sqs: { target: 'AmazonSQS.', error: 'com.amazonaws.sqs#InternalError' },
  dynamodb: { target: 'DynamoDB_', error: 'com.amazonaws.dynamodb.v20120810#InternalServerError' },
};

const flag = process.env.SLUICE_TEST_OUTAGE;
if (flag === undefined)
  throw new Error('SLUICE_TEST_OUTAGE must name the file that lists the services that are down');

const down = () => {
  let names;
  try {
    names = readFileSync(flag, 'utf8').split(/\s+/).filter(Boolean);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
  return names.map((name) => {
    const service = SERVICES[name];
    if (service === undefined) throw new Error(`${flag} names ${name}, which is not one of the services`);
    return service;
  });
};

const emit = Server.prototype.emit;
Server.prototype.emit = function (event, ...args) {
  const [request, response] = args;
  const target = event === 'request' ? request.headers['x-amz-target'] : undefined;
  const service = target === undefined ? undefined : down().find((one) => target.startsWith(one.target));
  if (service === undefined) return emit.call(this, event, ...args);
  request.resume();
  response.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify({ __type: service.error, message: 'an outage' }));
  return true;
};
