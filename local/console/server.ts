/** The local run's own interface: the console's page, and what it and the command line on this machine ask. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ControlAnswer } from '../../contract/operations.ts';
import { BodyTooLarge, listen, readBody, type Listening, type ListenOptions } from '../common/http.ts';
import { toListener } from '../common/server.ts';
import { UsageError } from '../common/settings.ts';
import type { AlarmView, ErrorAnswer, FlowSeries } from './contract.ts';
import { pageFile } from './page-files.ts';
import { refusal } from './same-machine.ts';

/** Every method throws UsageError when a user's mistake, or a run that is still starting, is in the way. */
export interface ConsoleActions {
  status(): Promise<unknown>;
  /** When it throws, what runs is left as it is. @param options `unchecked`: a transform that does not load is deployed as well */
  redeploy(options: { readonly unchecked: boolean }): Promise<unknown>;
  /** Invokes control's function. @param request as it came: control checks it */
  control(request: unknown): Promise<ControlAnswer>;
  /** @param from milliseconds since 1970; the series begins there, or later */
  metrics(from: number): Promise<FlowSeries>;
  alarms(): Promise<readonly AlarmView[]>;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Far more than any request of an operator has. */
const MAX_BODY = 64 * 1024;
const CHART_SPAN = 15 * 60_000;

export const startConsole = async (actions: ConsoleActions, address: ListenOptions): Promise<Listening> => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    write(response, await answer(request, actions));
  const server = createServer(toListener(handle, (error, response) => write(response, trouble(error))));
  return listen(server, address);
};

const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const failed = (status: number, error: string): Answer => json(status, { error } satisfies ErrorAnswer);

const trouble = (error: unknown): Answer => {
  if (error instanceof UsageError) return failed(422, error.message);
  if (error instanceof BodyTooLarge) return failed(413, error.message);
  return failed(500, String(error));
};

const write = (response: ServerResponse, { status, headers, body }: Answer): void => {
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    ...headers,
  });
  response.end(body);
};

/** By path, then by method. */
type Calls = Readonly<Record<string, Readonly<Record<string, () => Promise<Answer>>>>>;

const answer = async (request: IncomingMessage, actions: ConsoleActions): Promise<Answer> => {
  const refused = refusal(request.headers);
  if (refused !== undefined) return failed(403, refused);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://console');
  const calls: Calls = {
    '/api/status': { GET: async () => json(200, await actions.status()) },
    '/api/alarms': { GET: async () => json(200, await actions.alarms()) },
    '/api/metrics': {
      GET: async () => {
        const from = Number(searchParams.get('from') ?? Date.now() - CHART_SPAN);
        if (!Number.isFinite(from)) return failed(400, 'from: give milliseconds since 1970');
        return json(200, await actions.metrics(from));
      },
    },
    '/api/control': { POST: () => control(request, actions) },
    '/api/redeploy': {
      POST: async () => {
        const unchecked = searchParams.get('unchecked') ?? 'false';
        if (unchecked !== 'true' && unchecked !== 'false')
          return failed(400, 'unchecked: give true or false');
        return json(200, await actions.redeploy({ unchecked: unchecked === 'true' }));
      },
    },
  };
  const method = request.method ?? '';
  if (Object.hasOwn(calls, pathname)) return call(calls[pathname] ?? {}, method, request);
  const file = await pageFile(pathname);
  if (file === undefined) return failed(404, 'there is no such call');
  return call({ GET: () => Promise.resolve({ status: 200, ...file }) }, method, request);
};

const call = async (
  methods: Readonly<Record<string, () => Promise<Answer>>>,
  method: string,
  { headers }: IncomingMessage,
): Promise<Answer> => {
  const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (run === undefined) {
    const allow = Object.keys(methods).join(', ');
    const refused = failed(405, `use ${allow}`);
    return { ...refused, headers: { ...refused.headers, allow } };
  }
  // Another site's form can post without asking first, but never with this type of content.
  const type = headers['content-type'];
  if (method === 'POST' && type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) {
    return failed(415, 'send application/json');
  }
  return run();
};

const control = async (request: IncomingMessage, actions: ConsoleActions): Promise<Answer> => {
  if (request.headers['content-type'] === undefined) return failed(415, 'send application/json');
  const body = (await readBody(request, MAX_BODY)).toString();
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    return failed(400, `the body is not JSON: ${(error as Error).message}`);
  }
  return json(200, await actions.control(parsed));
};
