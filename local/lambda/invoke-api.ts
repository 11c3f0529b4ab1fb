/** Lambda's Invoke. */
import type { InvokeOptions, InvokeResult } from './function.ts';
import { arn } from '../template/physical.ts';
import { failure, type Answer, type ApiRequest } from '../common/answer.ts';

export interface InvokeActions {
  /** The qualifier is an alias; without one it is about the function itself. */
  readonly hasFunction: (name: string, qualifier?: string) => boolean;
  readonly invoke: (
    name: string,
    payload: unknown,
    options?: Pick<InvokeOptions, 'qualifier'>,
  ) => Promise<InvokeResult>;
  /** Takes it and returns; it runs when it can. */
  readonly invokeLater: (name: string, payload: unknown, qualifier?: string) => void;
}

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;

/** `name`, `000000000000:function:name`, or an ARN; each with a version or an alias at its end, if the caller wants one. */
const NAME = /^(?:arn:[\w-]+:lambda:[\w-]+:)?(?:\d{12}:)?(?:function:)?([\w-]+)(?::(\$LATEST|[\w-]+))?$/;

/** Lambda's quotas, bytes. */
const MAX_PAYLOAD = { RequestResponse: 6_291_456, Event: 1_048_576, DryRun: 6_291_456 } as const;
type InvocationType = keyof typeof MAX_PAYLOAD;
const isType = (text: unknown): text is InvocationType =>
  typeof text === 'string' && Object.hasOwn(MAX_PAYLOAD, text);

/** @returns undefined when the request is for something else */
export const answerInvoke = async (
  request: ApiRequest,
  actions: InvokeActions,
): Promise<Answer | undefined> => {
  const [, given] = PATH.exec(request.path) ?? [];
  if (given === undefined || request.method !== 'POST') return undefined;
  const text = decodeURIComponent(given);
  const [, name = text, inName] = NAME.exec(text) ?? [];
  const asked = request.query.get('Qualifier') ?? inName;
  if (inName !== undefined && asked !== inName) {
    const message = 'The derived qualifier from the function name does not match the specified qualifier.';
    return failure(400, 'InvalidParameterValueException', message, { Type: 'User' });
  }
  if (!actions.hasFunction(name, asked)) {
    const missing = arn('lambda', `function:${name}${asked === undefined ? '' : `:${asked}`}`);
    return failure(404, 'ResourceNotFoundException', `Function not found: ${missing}`, { Type: 'User' });
  }
  const qualifier = asked === undefined ? {} : { qualifier: asked };
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (!isType(type)) {
    return failure(400, 'InvalidParameterValueException', 'use RequestResponse, Event or DryRun');
  }
  if (request.body.length > MAX_PAYLOAD[type]) {
    const message = `${request.body.length} byte payload is too large for the ${type} invocation type (limit ${MAX_PAYLOAD[type]} bytes)`;
    return failure(413, 'RequestTooLargeException', message, { Type: 'User' });
  }
  let payload: unknown;
  try {
    payload = request.body.length === 0 ? {} : JSON.parse(request.body.toString());
  } catch (error) {
    const message = `Could not parse request body into json: ${(error as Error).message}`;
    return failure(400, 'InvalidRequestContentException', message, { Type: 'User' });
  }
  if (type === 'DryRun') return { status: 204, body: '' };
  if (type === 'Event') {
    actions.invokeLater(name, payload, asked);
    return { status: 202, body: '' };
  }
  return toAnswer(await actions.invoke(name, payload, qualifier));
};

const toAnswer = (result: InvokeResult): Answer => {
  switch (result.kind) {
    case 'throttled':
      return failure(429, 'TooManyRequestsException', 'Rate Exceeded.', {
        Reason: result.reason,
        Type: 'User',
      });
    case 'payload':
      return invoked(result.payload);
    case 'error': {
      const { errorMessage, errorType, stackTrace } = result.error;
      const trace = stackTrace === undefined ? {} : { trace: stackTrace };
      return invoked({ errorType, errorMessage, ...trace }, { 'x-amz-function-error': 'Unhandled' });
    }
  }
};

const invoked = (payload: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST', ...headers },
  body: JSON.stringify(payload ?? null),
});
