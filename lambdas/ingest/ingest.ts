/** Ingest as a function of its dependencies: a proxy event in, an answer out, never a throw. */
import { describeError } from '../aws/log.ts';
import { accept, type AcceptOptions } from './accept.ts';
import { corsHeaders, preflight } from './cors.ts';
import { health, type HealthOptions } from './health.ts';
import { parseRequest, type IngestRequest, type ProxyEvent } from './request.ts';
import { refuse, unavailable, type Answer, type ProxyResult } from './response.ts';
import { findRoute } from './routes.ts';

export type IngestOptions = AcceptOptions & Pick<HealthOptions, 'readMode'>;

const answer = async (request: IngestRequest, options: IngestOptions): Promise<Answer> => {
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
        onUnknown: (error) => options.log('warn', 'health: the mode is unknown', { error: String(error) }),
      });
    case 'event':
    case 'batch':
      return accept(request, route, options);
  }
};

/**
 * Whatever goes wrong on our side is a 503 with `Retry-After`: it is the one answer on which every SDK keeps its events
 * and sends them again.
 */
export const createIngest =
  (options: IngestOptions) =>
  async (event: ProxyEvent): Promise<ProxyResult> => {
    let origin: string | undefined;
    let result: Answer;
    try {
      const request = parseRequest(event);
      origin = request.headers.get('origin');
      result = await answer(request, options);
    } catch (error) {
      options.log('error', `ingest failed: ${String(error)}`, { stack: describeError(error) });
      result = unavailable(options.random);
    }
    return {
      statusCode: result.status,
      headers: { ...result.headers, ...corsHeaders(origin) },
      body: result.body,
      isBase64Encoded: false,
    };
  };
