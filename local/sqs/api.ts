/** SQS over HTTP on this machine, in the AWS JSON 1.0 protocol that today's SDKs speak. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withCredentials, type Credentials } from '../common/access.ts';
import { toListener } from '../common/server.ts';
import { perform } from './actions.ts';
import { SqsError } from './errors.ts';
import type { SqsService } from './service.ts';

const CONTENT_TYPE = 'application/x-amz-json-1.0';
const TARGET = 'AmazonSQS.';
/** A batch of 1 MiB whose characters are all escaped as `\u0001`, and its attributes. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const ACCOUNT = '000000000000';

export interface SqsServerOptions {
  readonly service: SqsService;
  /** Those of the callers; others are refused. */
  readonly credentials: Credentials;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: 0, any free one. */
  readonly port?: number;
  /**
   * Called before each action, for tests: what it throws is the answer (an `SqsError` as such, anything else as 500),
   * and while its promise is pending the action waits.
   */
  readonly beforeCall?: (action: string, input: unknown) => void | Promise<void>;
}

export interface SqsServer {
  /** E.g. `http://127.0.0.1:34567`; for `AWS_ENDPOINT_URL_SQS`. */
  readonly url: string;
  /** Hangs up on everybody. The service stays open. */
  close(): Promise<void>;
}

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read to its end anyway: hanging up on the sender would hide the answer from it.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES)
    throw new SqsError('BatchRequestTooLong', `The request is longer than ${MAX_BODY_BYTES} bytes.`);
  const text = Buffer.concat(chunks).toString();
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SqsError('InvalidParameterValueException', `The request's body is not JSON: ${reason}`);
  }
};

const answer = (response: ServerResponse, status: number, body: object, headers: object = {}): void => {
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': CONTENT_TYPE,
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
    ...headers,
  });
  response.end(text);
};

const answerError = (error: unknown, response: ServerResponse): void => {
  const known =
    error instanceof SqsError
      ? error
      : new SqsError('InternalFailure', error instanceof Error ? error.message : String(error));
  answer(
    response,
    known.status,
    { __type: `com.amazonaws.sqs#${known.type}`, message: known.message },
    { 'x-amzn-query-error': `${known.code};${known.senderFault ? 'Sender' : 'Receiver'}` },
  );
};

const actionOf = (request: IncomingMessage): string => {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string' && target.startsWith(TARGET)) return target.slice(TARGET.length);
  throw new SqsError(
    'UnsupportedOperation',
    'The local SQS speaks AWS JSON 1.0: send the header X-Amz-Target, as current SDKs do.',
  );
};

export const startSqsServer = async (options: SqsServerOptions): Promise<SqsServer> => {
  const { service, credentials, host = '127.0.0.1', port = 0, beforeCall } = options;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    // An abort makes an error and its stack: only when somebody hung up.
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const action = actionOf(request);
    const input = await readBody(request);
    await beforeCall?.(action, input);
    const origin = `http://${request.headers.host ?? `${host}:${port}`}`;
    const urlOf = (queue: string): string => `${origin}/${ACCOUNT}/${queue}`;
    answer(response, 200, await perform(action, { service, input, urlOf, signal: gone.signal }));
  };

  const server = createServer(toListener(withCredentials(credentials, handle), answerError));
  // SDKs keep their connections; closing an idle one races with their next request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${bound}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
};
