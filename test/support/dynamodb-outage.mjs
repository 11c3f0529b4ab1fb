/**
 * Preloaded into the local run's process: while the file that SLUICE_TEST_OUTAGE names exists, DynamoDB answers every
 * request with a server error. The pipeline's own code knows nothing of it.
 */
import { existsSync } from 'node:fs';
import { Server } from 'node:http';

const flag = process.env.SLUICE_TEST_OUTAGE ?? '';
const emit = Server.prototype.emit;
Server.prototype.emit = function (event, ...args) {
  const [request, response] = args;
  const isDynamo = event === 'request' && String(request.headers['x-amz-target']).startsWith('DynamoDB_');
  if (!isDynamo || !existsSync(flag)) return emit.call(this, event, ...args);
  request.resume();
  response.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' });
  response.end('{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"an outage"}');
  return true;
};
