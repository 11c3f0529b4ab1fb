/** A stand-in for Lambda and CloudFormation, and for control behind them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ControlRequest, Signed } from '../../contract/operations.ts';
import { PERMISSIONS } from '../../contract/permissions.ts';
import { listen, readBody, type Listening } from '../../local/common/http.ts';

export const FUNCTION = 'Sluice-Control';

/** What `requests` were made through, when it was no alias. */
export const ITSELF = 'the function itself';

/** What Lambda answers to an invocation. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export const ok = (result: unknown): Reply => ({ body: { ok: true, result } });
export const refused = (text: string): Reply => ({ body: { ok: false, refused: text } });

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations(?:\?Qualifier=(\w+))?$/;

const xml = (name: string, inner: string): string =>
  `<${name} xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">${inner}</${name}>`;

export class StandIn {
  readonly requests: ControlRequest[] = [];
  /** Who made them, as they say. */
  readonly operators: (string | undefined)[] = [];
  /** The alias through which control got each of them. */
  readonly through: string[] = [];
  /** Invocations, those among them that control did not get. */
  calls = 0;
  /** The aliases of control's function. A stack of an older version has none. */
  aliases: readonly string[] = PERMISSIONS;
  /** Whether IAM allows an invocation, by the alias. */
  allows: (alias: string) => boolean = () => true;
  /** The regions of the requests, from their signatures. */
  readonly regions = new Set<string>();
  /** By command. */
  replies: Readonly<Record<string, (request: ControlRequest) => Reply>> = {};
  /** Outputs of the existing stacks, or CloudFormation's error. */
  stacks: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
  cloudFormationError: { readonly code: string; readonly message: string } | undefined;
  #listening: Listening | undefined;

  get url(): string {
    if (this.#listening === undefined) throw new Error('the stand-in is not started');
    return this.#listening.url;
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

  reset(): void {
    this.requests.length = 0;
    this.operators.length = 0;
    this.through.length = 0;
    this.calls = 0;
    this.aliases = PERMISSIONS;
    this.allows = () => true;
    this.regions.clear();
    this.replies = {};
    this.stacks = {};
    this.cloudFormationError = undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await readBody(request, 1024 * 1024)).toString();
    const [, region] = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    if (region !== undefined) this.regions.add(region);
    const [, name, alias] = INVOKE.exec(request.url ?? '') ?? [];
    if (name === undefined) {
      this.#describeStacks(new URLSearchParams(body), response);
      return;
    }
    this.calls += 1;
    const { by, ...unsigned } = JSON.parse(body) as ControlRequest & Signed;
    const asked = unsigned;
    const refusal = this.#refusal(alias);
    if (refusal === undefined) {
      this.requests.push(asked);
      this.operators.push(by);
      this.through.push(alias ?? ITSELF);
    }
    const reply = refusal ?? (name === FUNCTION ? this.replies[asked.command]?.(asked) : undefined);
    const {
      status,
      headers,
      body: answer,
    } = reply ?? {
      status: 404,
      headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
      body: { Message: `Function not found: ${name} (${asked.command})` },
    };
    response.writeHead(status ?? 200, { 'content-type': 'application/json', ...headers });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }

  /** IAM is asked before Lambda looks whether there is such an alias. */
  #refusal(alias: string | undefined): Reply | undefined {
    if (!this.allows(alias ?? ITSELF)) {
      return {
        status: 403,
        headers: { 'x-amzn-errortype': 'AccessDeniedException' },
        body: { Message: 'User: x is not authorized' },
      };
    }
    if (alias === undefined || this.aliases.includes(alias)) return undefined;
    return {
      status: 404,
      headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
      body: { Message: `Function not found: ${FUNCTION}:${alias}` },
    };
  }

  #describeStacks(query: URLSearchParams, response: ServerResponse): void {
    const name = query.get('StackName') ?? '';
    const outputs = this.stacks[name];
    const error =
      this.cloudFormationError ??
      (outputs === undefined
        ? { code: 'ValidationError', message: `Stack with id ${name} does not exist` }
        : undefined);
    response.writeHead(error === undefined ? 200 : 400, { 'content-type': 'text/xml' });
    if (error !== undefined) {
      const { code, message } = error;
      response.end(xml('ErrorResponse', `<Error><Code>${code}</Code><Message>${message}</Message></Error>`));
      return;
    }
    const members = Object.entries(outputs ?? {})
      .map(
        ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
      )
      .join('');
    const stack = `<member><StackName>${name}</StackName><Outputs>${members}</Outputs></member>`;
    response.end(
      xml('DescribeStacksResponse', `<DescribeStacksResult><Stacks>${stack}</Stacks></DescribeStacksResult>`),
    );
  }
}
