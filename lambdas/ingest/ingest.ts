/** Ingest as a function of its dependencies: a proxy event in, an answer out, never a throw. */
import { METRICS } from '../../contract/metrics.ts';
import { describeError } from '../aws/log.ts';
import { accept, type Accepting, type AcceptOptions } from './accept.ts';
import { asJson, readsJson } from './answer-format.ts';
import { corsHeaders, preflight } from './cors.ts';
import { health, type HealthOptions } from './health.ts';
import { asPixel } from './pixel.ts';
import { rateLimits } from './rate-limits.ts';
import { refusedBodies } from './refused-bodies.ts';
import { readiness, type ReadyOptions } from './ready.ts';
import { parseRequest, type IngestRequest, type ProxyEvent } from './request.ts';
import { json, refuse, ROBOTS, unavailable, type Answer, type ProxyResult } from './response.ts';
import { findRoute } from './routes.ts';
import { sourceConfig } from './source-config.ts';

export type IngestOptions = AcceptOptions &
  Pick<HealthOptions, 'readMode'> &
  Pick<ReadyOptions, 'probeQueue'> & {
    /** Of Sluice, and of this function's code. */
    readonly version: { readonly version: string; readonly codeVersion: string };
  };

interface Kept extends Accepting {
  readonly ready: () => Promise<Answer>;
}

const answer = async (request: IngestRequest, options: IngestOptions & Kept): Promise<Answer> => {
  if (request.method === 'OPTIONS') return preflight(request.headers);
  const route = findRoute(request.method, request.path);
  switch (route.kind) {
    case 'unknown':
      return refuse('404 page not found');
    case 'wrong method':
      return refuse('invalid http request method', { Allow: route.allow });
    case 'health':
      return health({
        readMode: options.readMode,
        onUnknown: (error) =>
          options.log('warn', 'health: the mode is unknown', { error: describeError(error) }),
      });
    case 'ready':
      return options.ready();
    case 'version':
      // RudderStack's names for them.
      return json({ Version: options.version.version, Commit: options.version.codeVersion });
    case 'robots':
      return ROBOTS;
    case 'source config':
      return sourceConfig(request, route.keyIn, options.sourceOf);
    case 'pixel':
      return asPixel(await orUnavailable(options, () => accept(request, route, options)));
    case 'event':
    case 'batch':
    case 'webhook':
      return accept(request, route, options);
  }
};

/**
 * Whatever goes wrong on our side is a 503 with `Retry-After`: it is the one answer on which every SDK keeps its events
 * and sends them again.
 */
const orUnavailable = async (options: IngestOptions, work: () => Promise<Answer>): Promise<Answer> => {
  try {
    return await work();
  } catch (error) {
    options.log('error', 'ingest failed', { error: describeError(error) });
    return unavailable(options.random);
  }
};

export const createIngest = (given: IngestOptions) => {
  const ready = readiness({
    ...given,
    onRefused: (error) => given.log('warn', 'ready: SQS takes no events', { error: describeError(error) }),
  });
  const options = { ...given, ready, keepRefused: refusedBodies(given), limits: rateLimits() };
  return async (event: ProxyEvent): Promise<ProxyResult> => {
    let request: IngestRequest | undefined;
    const answered = await orUnavailable(options, () => {
      request = parseRequest(event);
      return answer(request, options);
    });
    const isJson = request !== undefined && readsJson(request);
    const { status, headers, body } = isJson ? asJson(answered) : answered;
    if (status === 401) options.emitMetrics({}, { [METRICS.requestsUnauthorized]: 1 });
    return {
      statusCode: status,
      headers: { ...headers, ...corsHeaders(request?.headers.get('origin')) },
      body: typeof body === 'string' ? body : body.toString('base64'),
      isBase64Encoded: typeof body !== 'string',
    };
  };
};
