/**
 * Preloaded into the local run's process: the services that destinations send to fail as the file says that SLUICE_TEST_FAULTS names, as long
 * as it says so. It holds JSON: a list of `{ target, text, user, status, type }` for calls that fail as a whole, and of those without a status for
 * entries that fail: those that have the text `user`. `target` is what a call's header X-Amz-Target says, `SNS`, or its path; only calls that have
 * `text`, and `user` if there is one, are meant. The pipeline's own code knows nothing of it.
 */
import { readFileSync } from 'node:fs';
import { Server } from 'node:http';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { entriesOf } from './fault-entries.mjs';

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

const isForm = ({ headers }) =>
  String(headers['content-type']).startsWith('application/x-www-form-urlencoded');
const targetOf = (request) => request.headers['x-amz-target'] ?? (isForm(request) ? 'SNS' : request.url);

/** The service's error, in its own protocol. */
const fail = (request, response, { status, type }) => {
  const code = `<Code>${type}</Code><Message>a fault</Message>`;
  if (isForm(request)) {
    response.writeHead(status, { 'content-type': 'text/xml' });
    response.end(`<ErrorResponse><Error><Type>Sender</Type>${code}</Error></ErrorResponse>`);
    return;
  }
  if (request.method === 'PUT') {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<Error>${code}</Error>`);
    return;
  }
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': type });
  response.end(JSON.stringify({ __type: type, message: 'a fault' }));
};

const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...args) {
  const [request, response] = args;
  const target = event === 'request' ? targetOf(request) : undefined;
  const meant = target === undefined ? [] : faults().filter((one) => target.startsWith(one.target));
  if (meant.length === 0) return emit.call(this, event, ...args);
  handle(this, meant, request, response).catch((error) =>
    fail(request, response, { status: 500, type: String(error.stack) }),
  );
  return true;
};

/** What a call says: records are in base64, objects are compressed. */
const textOf = ({ url }, body) => {
  if (body[0] === 0x1f && body[1] === 0x8b) return `${url}\n${gunzipSync(body)}`;
  const records = (text) =>
    text.replace(/"Data":"([^"]*)"/g, (_, data) => `"Data":${Buffer.from(data, 'base64').toString()}`);
  return `${url}\n${records(body.toString())}`;
};

const handle = async (server, meant, request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const sent = Buffer.concat(chunks);
  const text = textOf(request, sent);
  const fault = meant.find((one) => text.includes(one.text) && text.includes(one.user ?? ''));
  if (fault?.status !== undefined) return fail(request, response, fault);
  const body = fault === undefined ? sent : failEntries(fault, targetOf(request), sent.toString(), response);
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

/** The other entries are stored. @returns the call without those that fail; undefined: it is answered */
const failEntries = ({ user }, target, sent, response) => {
  const { contentType, left, answer } = entriesOf(target, sent, user);
  if (left === undefined) {
    response.writeHead(200, { 'content-type': contentType });
    response.end(answer(undefined));
    return undefined;
  }
  const { end, writeHead } = response;
  // Without the length that the answer had.
  response.writeHead = (status, headers) =>
    writeHead.call(response, status, { 'content-type': headers?.['content-type'] ?? contentType });
  response.end = (said) => end.call(response, answer(String(said)));
  return left;
};
