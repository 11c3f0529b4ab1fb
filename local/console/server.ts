/**
 * The console's server. For the local run it is also the interface that the command line on this machine asks; for a pipeline on AWS it
 * has the page, and passes its requests on with the credentials of the person who started it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { CANARY_VARIANTS, type CanaryVariant } from '../../contract/canary.ts';
import type { ControlAnswer } from '../../contract/operations.ts';
import { BodyTooLarge, listen, readBody, type Listening, type ListenOptions } from '../common/http.ts';
import { isEqual } from '../common/access.ts';
import { toListener } from '../common/server.ts';
import { UsageError } from '../common/settings.ts';
import {
  EXTRAS,
  type AlarmView,
  type ConsoleAbout,
  type ConsolePlace,
  type ErrorAnswer,
  type FlowSeries,
} from './contract.ts';
import { pageFile } from './page-files.ts';
import { refusal } from './same-machine.ts';

/** What the console shows cannot be asked: the message says why, and what to do. */
export class Unavailable extends Error {
  override name = 'Unavailable';
}

/**
 * Every method throws UsageError when a user's mistake, or a run that is still starting, is in the way. Those that are absent are not
 * offered.
 */
export interface ConsoleActions {
  readonly place: ConsolePlace;
  /** Where the local run's services are. */
  status?(): Promise<unknown>;
  /**
   * When it throws, what runs is left as it is.
   * @param options `unchecked`: a transform that does not load is deployed as well; `canary`: for `npx sluice verify`
   */
  redeploy?(options: { readonly unchecked: boolean; readonly canary?: CanaryVariant }): Promise<unknown>;
  /** Invokes control's function. @param request as it came: control checks it @throws Unavailable */
  control(request: unknown): Promise<ControlAnswer>;
  /** @param from milliseconds since 1970; the series begins there, or later @throws Unavailable */
  metrics?(from: number): Promise<FlowSeries>;
  /** @throws Unavailable */
  alarms?(): Promise<readonly AlarmView[]>;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Far more than any request of an operator has. */
const MAX_BODY = 64 * 1024;
const CHART_SPAN = 15 * 60_000;

/** @param secret the first part of every path; without it, programs and users of this machine are let in as they are */
export const startConsole = async (
  actions: ConsoleActions,
  address: ListenOptions,
  secret?: string,
): Promise<Listening> => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    write(response, await answer(request, actions, secret));
  const server = createServer(toListener(handle, (error, response) => write(response, trouble(error))));
  const listening = await listen(server, address);
  return secret === undefined ? listening : { ...listening, url: `${listening.url}/${secret}/` };
};

const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const failed = (status: number, error: string): Answer => json(status, { error } satisfies ErrorAnswer);

const trouble = (error: unknown): Answer => {
  if (error instanceof UsageError) return failed(422, error.message);
  if (error instanceof Unavailable) return failed(502, error.message);
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

const answer = async (
  request: IncomingMessage,
  actions: ConsoleActions,
  secret: string | undefined,
): Promise<Answer> => {
  const refused = refusal(request.headers);
  if (refused !== undefined) return failed(403, refused);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://console');
  const path = secret === undefined ? pathname : below(pathname, secret);
  if (path === undefined)
    return failed(
      403,
      'open the address that the command has printed: its secret is missing here, or another',
    );
  const method = request.method ?? '';
  const calls = callsOf(request, searchParams, actions);
  if (Object.hasOwn(calls, path)) return call(calls[path] ?? {}, method, request);
  const file = await pageFile(path);
  if (file === undefined) return failed(404, 'there is no such call');
  return call({ GET: () => Promise.resolve({ status: 200, ...file }) }, method, request);
};

/** The path below the secret; undefined: it is another. */
const below = (pathname: string, secret: string): string | undefined => {
  const end = pathname.indexOf('/', 1);
  return end > 0 && isEqual(pathname.slice(1, end), secret) ? pathname.slice(end) : undefined;
};

const aboutOf = (actions: ConsoleActions): ConsoleAbout => ({
  ...actions.place,
  has: EXTRAS.filter((extra) => actions[extra] !== undefined),
});

const callsOf = (request: IncomingMessage, query: URLSearchParams, actions: ConsoleActions): Calls => ({
  '/api/about': { GET: () => Promise.resolve(json(200, aboutOf(actions))) },
  '/api/control': { POST: () => control(request, actions) },
  ...(actions.status === undefined
    ? {}
    : { '/api/status': { GET: async () => json(200, await actions.status?.()) } }),
  ...(actions.alarms === undefined
    ? {}
    : { '/api/alarms': { GET: async () => json(200, await actions.alarms?.()) } }),
  ...(actions.metrics === undefined ? {} : { '/api/metrics': { GET: () => metrics(query, actions) } }),
  ...(actions.redeploy === undefined ? {} : { '/api/redeploy': { POST: () => redeploy(query, actions) } }),
});

const metrics = async (query: URLSearchParams, actions: ConsoleActions): Promise<Answer> => {
  const from = Number(query.get('from') ?? Date.now() - CHART_SPAN);
  if (!Number.isFinite(from)) return failed(400, 'from: give milliseconds since 1970');
  return json(200, await actions.metrics?.(from));
};

const redeploy = async (query: URLSearchParams, actions: ConsoleActions): Promise<Answer> => {
  const unchecked = query.get('unchecked') ?? 'false';
  if (unchecked !== 'true' && unchecked !== 'false') return failed(400, 'unchecked: give true or false');
  const wanted = query.get('canary') ?? undefined;
  const canary = CANARY_VARIANTS.find((one) => one === wanted);
  if (canary !== wanted) return failed(400, `canary: give ${CANARY_VARIANTS.join(' or ')}`);
  return json(
    200,
    await actions.redeploy?.({
      unchecked: unchecked === 'true',
      ...(canary === undefined ? {} : { canary }),
    }),
  );
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
