/**
 * A REST API with one proxy integration, as API Gateway serves it: the body goes to the function as base64, and what
 * goes wrong on the way is answered by the template's gateway responses.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { toListener } from '../common/server.ts';
import { BodyTooLarge, listen, readBody, type Listening, type ListenOptions } from '../common/http.ts';

/** API Gateway's quota of a body. */
const MAX_BODY = 10 * 1024 * 1024;
/** API Gateway's quota of all header values together. */
const MAX_HEADERS = 10_240;
/** Bytes of headers that Node reads. What is between the two is answered here: Node's own answer has no header for browsers. */
const MAX_READ_HEADERS = 1024 * 1024;
/** Lambda's quota of a synchronous invocation. */
const MAX_PAYLOAD = 6_291_556;
/** API Gateway's default for a regional API, milliseconds. */
const INTEGRATION_TIMEOUT = 29_000;

/** API Gateway's response types that can occur here, with the status each has unless the template sets another. */
const DEFAULT_STATUS = {
  /** Whatever has no type of its own; here it is headers beyond their quota. */
  DEFAULT_4XX: 431,
  REQUEST_TOO_LARGE: 413,
  THROTTLED: 429,
  INTEGRATION_FAILURE: 504,
  INTEGRATION_TIMEOUT: 504,
  API_CONFIGURATION_ERROR: 500,
} as const;
export type ResponseType = keyof typeof DEFAULT_STATUS;

export interface GatewayResponse {
  readonly type: string;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** What became of an invocation; `type` names the gateway response to answer with. */
export type Invoked =
  { readonly ok: true; readonly payload: unknown } | { readonly ok: false; readonly type: ResponseType };

/** Functions, since a deployment may change them. */
export interface ApiOptions {
  readonly stage: () => string;
  readonly invoke: (event: APIGatewayProxyEvent) => Promise<Invoked>;
  readonly responses: () => readonly GatewayResponse[];
  /** A request was answered; with its milliseconds. */
  readonly onAnswered?: (status: number, ms: number) => void;
}

export const startApi = async (options: ApiOptions, address: ListenOptions): Promise<Listening> => {
  const timed = (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const began = performance.now();
    response.on('finish', () => options.onAnswered?.(response.statusCode, performance.now() - began));
    return handle(request, response, options);
  };
  // As API Gateway answers when it gets no answer of a function.
  const listener = toListener(timed, (_, response) => answerFor('INTEGRATION_FAILURE', response, options));
  const server = createServer({ maxHeaderSize: MAX_READ_HEADERS }, listener);
  return listen(server, address);
};

const handle = async (
  request: IncomingMessage,
  response: ServerResponse,
  options: ApiOptions,
): Promise<void> => {
  if (headerBytes(request) > MAX_HEADERS) {
    response.setHeader('connection', 'close');
    answerFor('DEFAULT_4XX', response, options);
    return;
  }
  let body: Buffer;
  try {
    body = await readBody(request, MAX_BODY);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    response.setHeader('connection', 'close');
    answerFor('REQUEST_TOO_LARGE', response, options);
    return;
  }
  const event = toEvent(request, body, options.stage());
  if (Buffer.byteLength(event.body ?? '') > MAX_PAYLOAD) {
    answerFor('REQUEST_TOO_LARGE', response, options);
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Invoked>((done) => {
    timer = setTimeout(() => done({ ok: false, type: 'INTEGRATION_TIMEOUT' }), INTEGRATION_TIMEOUT);
  });
  const invoked = await Promise.race([options.invoke(event), timeout]).finally(() => clearTimeout(timer));
  if (!invoked.ok) answerFor(invoked.type, response, options);
  else if (!isResult(invoked.payload)) answerFor('API_CONFIGURATION_ERROR', response, options);
  else answer(invoked.payload, response);
};

const headerBytes = ({ rawHeaders }: IncomingMessage): number =>
  rawHeaders.reduce((sum, text, i) => sum + (i % 2 === 1 ? Buffer.byteLength(text, 'latin1') : 0), 0);

const isResult = (payload: unknown): payload is APIGatewayProxyResult =>
  typeof payload === 'object' &&
  payload !== null &&
  Number.isInteger((payload as { statusCode?: unknown }).statusCode);

const answer = (result: APIGatewayProxyResult, response: ServerResponse): void => {
  response.statusCode = result.statusCode;
  for (const [name, value] of Object.entries(result.headers ?? {})) response.setHeader(name, String(value));
  for (const [name, values] of Object.entries(result.multiValueHeaders ?? {})) {
    response.setHeader(name, values.map(String));
  }
  response.end(Buffer.from(result.body, result.isBase64Encoded === true ? 'base64' : 'utf8'));
};

const answerFor = (type: ResponseType, response: ServerResponse, options: ApiOptions): void => {
  const responses = options.responses();
  const family = DEFAULT_STATUS[type] < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX';
  const own = responses.find((candidate) => candidate.type === type);
  const common = responses.find((candidate) => candidate.type === family);
  response.statusCode = own?.status ?? common?.status ?? DEFAULT_STATUS[type];
  response.setHeader('content-type', 'application/json');
  for (const [name, value] of Object.entries((own ?? common)?.headers ?? {})) response.setHeader(name, value);
  response.end((own ?? common)?.body ?? JSON.stringify({ message: type }));
};

/** A client may call a header `constructor` or `__proto__`: as keys of a map, and of an object that is made of one, they are data. */
const listsByName = (pairs: Iterable<readonly [string, string]>): ReadonlyMap<string, string[]> => {
  const lists = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const list = lists.get(name);
    if (list === undefined) lists.set(name, [value]);
    else list.push(value);
  }
  return lists;
};

const lastOf = (lists: ReadonlyMap<string, readonly string[]>): Record<string, string> =>
  Object.fromEntries([...lists].map(([name, list]) => [name, list.at(-1) ?? '']));

const toEvent = (request: IncomingMessage, body: Buffer, stage: string): APIGatewayProxyEvent => {
  const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s, 2);
  // Names as the client wrote them: API Gateway hands them on unchanged.
  const headers = listsByName(
    request.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [[name, all[i + 1] ?? ''] as const] : [])),
  );
  const query = listsByName(new URLSearchParams(search));
  const now = Date.now();
  const method = request.method ?? 'GET';
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers: lastOf(headers),
    multiValueHeaders: Object.fromEntries(headers),
    queryStringParameters: query.size > 0 ? lastOf(query) : null,
    multiValueQueryStringParameters: query.size > 0 ? Object.fromEntries(query) : null,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      authorizer: null,
      httpMethod: method,
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: null,
        apiKeyId: null,
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: request.socket.remoteAddress ?? '',
        user: null,
        userAgent: request.headers['user-agent'] ?? null,
        userArn: null,
      },
      path: `/${stage}${path}`,
      protocol: `HTTP/${request.httpVersion}`,
      requestId: randomUUID(),
      requestTimeEpoch: now,
      resourceId: 'local',
      resourcePath: '/{proxy+}',
      stage,
    },
    body: body.length === 0 ? null : body.toString('base64'),
    isBase64Encoded: body.length > 0,
  };
};
