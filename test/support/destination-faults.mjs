/**
 * Preloaded into the local run's process: the services that destinations send to fail as the file says that SLUICE_TEST_FAULTS names, as long
 * as it says so. It holds JSON: a list of `{ target, text, user, status, type }` for calls that fail as a whole, and `{ target, text, user, list }`
 * for entries that fail: those of `input[list]` that have the text `user`. `target` is what a call's header X-Amz-Target says, or its path; only
 * calls that have `text`, and `user` if there is one, are meant. The pipeline's own code knows nothing of it.
 */
import { readFileSync } from 'node:fs';
import { Server } from 'node:http';
import { Readable } from 'node:stream';

const file = process.env.SLUICE_TEST_FAULTS;
if (file === undefined) throw new Error('SLUICE_TEST_FAULTS must name the file that lists the faults');

const faults = () => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
};

const answer = (response, status, body) => {
  const type = body.__type === undefined ? {} : { 'x-amzn-errortype': body.__type };
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...type });
  response.end(JSON.stringify(body));
};

const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...args) {
  const [request, response] = args;
  const target = event === 'request' ? (request.headers['x-amz-target'] ?? request.url) : undefined;
  const meant = target === undefined ? [] : faults().filter((one) => target.startsWith(one.target));
  if (meant.length === 0) return emit.call(this, event, ...args);
  handle(this, meant, request, response).catch((error) => answer(response, 500, { message: error.stack }));
  return true;
};

/** Records are in base64. */
const readable = (text) =>
  text.replace(/"Data":"([^"]*)"/g, (_, data) => `"Data":${Buffer.from(data, 'base64').toString()}`);

const handle = async (server, meant, request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const sent = Buffer.concat(chunks);
  const text = sent.toString();
  const seen = readable(text);
  const fault = meant.find((one) => seen.includes(one.text) && seen.includes(one.user ?? ''));
  if (fault?.status !== undefined)
    return answer(response, fault.status, { __type: fault.type, message: 'a fault' });
  const body = fault === undefined ? sent : failEntries(fault, text, response);
  if (body === undefined) return undefined;
  const { method, url, headers, socket } = request;
  const again = Object.assign(Readable.from([Buffer.from(body)], { objectMode: false }), {
    method,
    url,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    httpVersion: request.httpVersion,
    socket,
  });
  return emit.call(server, 'request', again, response);
};

/** SQS's: the others are stored. @returns the call without those that fail; undefined: it is answered */
const failEntries = ({ list, user }, text, response) => {
  const input = JSON.parse(text);
  const isFailing = (entry) => JSON.stringify(entry).includes(user);
  const Failed = input[list]
    .filter(isFailing)
    .map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError', Message: 'a fault' }));
  const left = input[list].filter((entry) => !isFailing(entry));
  if (left.length === 0) {
    answer(response, 200, { Failed });
    return undefined;
  }
  const { end, writeHead } = response;
  response.writeHead = (status, headers) =>
    writeHead.call(response, status, {
      'content-type': headers?.['content-type'] ?? 'application/x-amz-json-1.0',
    });
  response.end = (said) => end.call(response, JSON.stringify({ ...JSON.parse(String(said)), Failed }));
  return JSON.stringify({ ...input, [list]: left });
};
