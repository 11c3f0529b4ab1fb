/**
 * Accepts events: 200 when SQS has all of them, a 4xx for what can never be accepted, else 503. It asks nothing but SQS:
 * the write keys came with the deployment.
 */
import { setMaxListeners } from 'node:events';
import type { ResolvedSource } from '../../config/index.ts';
import { isJsonObject } from '../core/event.ts';
import type { Arrival } from '../core/ingest-event.ts';
import { planRequest } from '../core/ingest-plan.ts';
import type { Clock, QueueSender, Random } from '../core/ports.ts';
import { decodeBody } from './decode.ts';
import { basicAuthUser, type IngestRequest } from './request.ts';
import { OK, refuse, unavailable, type Answer, type Refusal } from './response.ts';
import type { Route } from './routes.ts';
import { sendLanes, type Sleep } from './send.ts';

export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;

export interface AcceptOptions {
  readonly sourceOf: ReadonlyMap<string, ResolvedSource>;
  readonly sender: QueueSender;
  /** Milliseconds from the request's arrival to the 503. */
  readonly deadline: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  readonly sleep: Sleep;
  readonly log: Log;
  readonly emitMetrics: (dimensions: Record<string, string>, metrics: Record<string, number>) => void;
}

export const keysToSources = (sources: readonly ResolvedSource[]): ReadonlyMap<string, ResolvedSource> =>
  new Map(sources.flatMap((source) => source.writeKeys.map((key) => [key, source] as const)));

type Authenticated =
  { readonly ok: true; readonly source: ResolvedSource } | { readonly ok: false; readonly refusal: Refusal };

/** A 401 is final: the newer mobile SDKs delete all they have stored. So it is for keys that are surely wrong only. */
const authenticate = ({ headers }: IngestRequest, { sourceOf }: AcceptOptions): Authenticated => {
  const key = basicAuthUser(headers.get('authorization'));
  if (key === undefined) return { ok: false, refusal: 'failed to read writekey from header' };
  const source = sourceOf.get(key);
  if (source === undefined) return { ok: false, refusal: 'invalid write key' };
  return source.enabled ? { ok: true, source } : { ok: false, refusal: 'source is disabled' };
};

/** As RudderStack reads `batch`: what is not a list is a list of one; what is beside it in the body is not read. */
const batchOf = (body: unknown): readonly unknown[] => {
  const batch: unknown = isJsonObject(body) && Object.hasOwn(body, 'batch') ? body['batch'] : undefined;
  if (batch === undefined || batch === null) return [];
  return Array.isArray(batch) ? batch : [batch];
};

type EventRoute = Extract<Route, { kind: 'event' | 'batch' }>;

const arrivalOf = (
  source: ResolvedSource,
  route: EventRoute,
  ip: string,
  options: AcceptOptions,
): Arrival => ({
  sourceId: source.id,
  receivedAt: options.clock(),
  requestIp: ip,
  newId: options.newId,
  ...(route.kind === 'event' ? { type: route.type } : {}),
});

/** @throws what is not the client's fault */
export const accept = async (
  request: IngestRequest,
  route: EventRoute,
  options: AcceptOptions,
): Promise<Answer> => {
  const signal = AbortSignal.timeout(options.deadline);
  // Every call of the AWS SDK listens to it; ten at once would look like a leak to Node.
  setMaxListeners(0, signal);
  const authenticated = authenticate(request, options);
  if (!authenticated.ok) return refuse(authenticated.refusal);
  const { source } = authenticated;
  const metrics = (values: Record<string, number>) => options.emitMetrics({ Source: source.id }, values);
  const refused = (refusal: Refusal): Answer => {
    metrics({ RequestsRefused: 1 });
    return refuse(refusal);
  };

  // An answer of 400 would make SDKs throw away good events because our gateway is set up wrongly.
  if (request.mangled) {
    throw new Error("API Gateway damaged a gzip body: the REST API's binaryMediaTypes must be */*");
  }
  const decoded = await decodeBody(request.body);
  if (!decoded.ok) return refused(decoded.refusal);
  const events = route.kind === 'event' ? [decoded.value] : batchOf(decoded.value);
  const plan = planRequest(events, arrivalOf(source, route, request.ip, options));
  if (plan.kind === 'refuse') return refused(plan.reason);

  const outcome = await sendLanes(plan.lanes, { ...options, signal });
  if (outcome.kind === 'sent') {
    metrics({ EventsAccepted: plan.accepted, EventsRejected: plan.rejected });
    return OK;
  }
  // Also when SQS refuses for good: by what it documents none of our messages can be refused, so it is the queue that is set up
  // wrongly (a size limit, say). The events wait in the SDK until a person mends it; none is lost.
  options.log('error', `events not stored: ${outcome.reason}`, { source: source.id, outcome: outcome.kind });
  metrics({ RequestsUnavailable: 1 });
  return unavailable(options.random);
};
