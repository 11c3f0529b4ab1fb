/** The calls of AWS that the doctor makes, answered as AWS does, by name. What has no answer is denied, as IAM would. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, readBody, type Listening } from '../../../local/common/http.ts';

export type Input = Readonly<Record<string, unknown>>;
/** A text is XML. An error has a `code`. */
export type Answer = (input: Input) => unknown;

const PATHS: Readonly<Record<string, string>> = {
  '/2016-08-19/account-settings': 'GetAccountSettings',
  '/account': 'GetAccount',
};

export class Failure {
  readonly code: string;
  readonly message: string;
  constructor(code: string, message = code) {
    this.code = code;
    this.message = message;
  }
}

const denied = (name: string): Failure => new Failure('AccessDeniedException', `not authorized: ${name}`);

const callOf = async (
  request: IncomingMessage,
): Promise<{ name: string; input: Input; isQuery: boolean }> => {
  const body = (await readBody(request, 1024 * 1024)).toString();
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string')
    return {
      name: target.replace(/^.*\./, ''),
      input: JSON.parse(body === '' ? '{}' : body) as Input,
      isQuery: false,
    };
  const path = (request.url ?? '').replace(/\/?(\?.*)?$/, '');
  if (path.endsWith('/invocations'))
    return { name: 'Invoke', input: JSON.parse(body) as Input, isQuery: false };
  if (request.method === 'GET') return { name: PATHS[path] ?? path, input: {}, isQuery: false };
  const form = Object.fromEntries(new URLSearchParams(body));
  return { name: form['Action'] ?? path, input: form, isQuery: true };
};

export class AwsStandIn {
  /** By the call's name. */
  answers: Readonly<Record<string, Answer>> = {};
  readonly calls: string[] = [];
  #listening: Listening | undefined;

  get url(): string {
    return this.#listening?.url ?? '';
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    this.#listening = await listen(server, { host: '127.0.0.1', port: 0 });
  }

  async stop(): Promise<void> {
    await this.#listening?.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { name, input, isQuery } = await callOf(request);
    this.calls.push(name);
    const answer = this.answers[name]?.(input) ?? denied(name);
    const isFailure = answer instanceof Failure;
    response.writeHead(isFailure ? 400 : 200, {
      'content-type': isQuery ? 'text/xml' : 'application/x-amz-json-1.0',
      ...(isFailure ? { 'x-amzn-errortype': answer.code } : {}),
    });
    if (!isFailure) {
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
      response.end(
        isQuery ? `<${name}Response><${name}Result>${text}</${name}Result></${name}Response>` : text,
      );
      return;
    }
    const { code, message } = answer;
    response.end(
      isQuery
        ? `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
        : JSON.stringify({ __type: code, message }),
    );
  }
}
