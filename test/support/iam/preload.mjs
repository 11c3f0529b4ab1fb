/**
 * Preloaded into the local run's process: each function's calls of AWS are judged by the policies of its role in the synthesized
 * template, as IAM would judge them. What they do not allow is answered with AccessDenied, and noted for the test, which fails. The
 * pipeline's own code and the local run know nothing of it.
 */
import { Server } from 'node:http';
import { Readable } from 'node:stream';
import { markFunctions } from '../../../tools/driver/mark-functions.mjs';

/** The session token that the SDK sends with each call: it names the function. */
const MARK = 'sluice-test-function ';

markFunctions(MARK);

let guard;
/** Only now: what it imports is TypeScript, and the loader is registered after this module. */
const loadGuard = () => {
  guard ??= import('./guard.ts').then(({ Guard }) => new Guard(process.env.SLUICE_DATA_DIR));
  return guard;
};

const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...args) {
  const [request, response] = args;
  const token = event === 'request' ? request.headers['x-amz-security-token'] : undefined;
  if (typeof token !== 'string' || !token.startsWith(MARK)) return emit.call(this, event, ...args);
  judge(this, token.slice(MARK.length), request, response).catch((error) => {
    response.writeHead(500, { 'content-type': 'text/plain' });
    response.end(`the permissions could not be judged: ${error.stack}`);
  });
  return true;
};

const judge = async (server, functionName, request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { method, url, headers } = request;
  const denied = await (await loadGuard()).denied({ functionName, method, url, headers, body });
  if (denied === undefined) {
    const again = Object.assign(Readable.from(body.length === 0 ? [] : [body], { objectMode: false }), {
      method,
      url,
      headers,
      httpVersion: request.httpVersion,
      socket: request.socket,
    });
    emit.call(server, 'request', again, response);
    return;
  }
  response.writeHead(400, {
    'content-type': 'application/json',
    'x-amzn-errortype': 'AccessDeniedException',
  });
  response.end(JSON.stringify({ __type: 'AccessDeniedException', message: denied }));
};
