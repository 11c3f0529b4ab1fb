/**
 * Accepts events: 200 when SQS has all of them, a 4xx for what can never be accepted, else 503. It asks nothing but SQS:
 * the write keys came with the deployment.
 */
import type { SourceSettings } from '../../contract/settings.ts';
import type { Arrival } from '../core/ingest/admit.ts';
import { planRequest, TOO_MANY_USERS } from '../core/ingest/plan.ts';
import type { Clock, Random } from '../core/base/clock.ts';
import type { QueueSender } from '../core/base/messages.ts';
import { anonymousIp, textWithoutWholeIp, withoutWholeIp } from './anonymize-ip.ts';
import { withDeadline, type Deadline } from './deadline.ts';
import { readEvents, type Read } from './events.ts';
import type { RateLimits } from './rate-limits.ts';
import type { KeepRefused } from './refused-bodies.ts';
import type { IngestRequest } from './request.ts';
import { OK, refuse, slowDown, unavailable, type Answer, type Refusal } from './response.ts';
import type { EventRoute } from './routes.ts';
import { sendLanes, type Sleep } from './send.ts';
import { authenticate, presentedKey, type SourceOf } from './write-key.ts';

export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;

export interface AcceptOptions {
  readonly sourceOf: SourceOf;
  readonly sender: QueueSender;
  /** Milliseconds from the request's arrival to the 503; see `withDeadline`. */
  readonly deadline: number;
  /** Order keys of one request, at most. */
  readonly maxKeys: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  readonly sleep: Sleep;
  readonly log: Log;
  readonly emitMetrics: (dimensions: Record<string, string>, metrics: Record<string, number>) => void;
}

/** With what a process of ingest keeps from one request to the next. */
export type Accepting = AcceptOptions & { readonly keepRefused: KeepRefused; readonly limits: RateLimits };

const arrivalOf = (
  { id: sourceId, orderBy, anonymizeIp = false }: SourceSettings,
  receivedAt: number,
  route: EventRoute,
  requestIp: string,
  newId: () => string,
): Arrival => ({
  sourceId,
  orderBy,
  receivedAt,
  requestIp: anonymizeIp ? (anonymousIp(requestIp) ?? '') : requestIp,
  newId,
  ...(route.kind === 'event' ? { type: route.type } : {}),
});

/** @throws what is not the client's fault */
export const accept = (request: IngestRequest, route: EventRoute, options: Accepting): Promise<Answer> =>
  withDeadline(options.deadline, (deadline) => acceptBy(deadline, request, route, options));

const acceptBy = async (
  deadline: Deadline,
  request: IngestRequest,
  route: EventRoute,
  options: Accepting,
): Promise<Answer> => {
  const now = options.clock();
  const read = () => readEvents(request, route, { now, newId: options.newId });
  let key = presentedKey(request, route.keyIn);
  let content: Read | undefined;
  if (key === undefined && route.keyIn === 'header, body') {
    content = await read();
    key = content.key;
  }
  const authenticated = authenticate(key, route.keyIn, options.sourceOf);
  if (!authenticated.ok) return refuse(authenticated.refusal);
  const { source } = authenticated;
  if (!source.enabled) return refuse('source is disabled');
  const metrics = (values: Record<string, number>) => options.emitMetrics({ Source: source.id }, values);
  const arrival = arrivalOf(source, now, route, request.ip, options.newId);
  const wait = options.limits.wait(source, now);
  if (wait > 0) {
    metrics({ RequestsLimited: 1 });
    return slowDown(wait, options.random);
  }
  content ??= await read();
  options.limits.count(source, content.ok ? Math.max(1, content.events.length) : 1, now);
  const { anonymizeIp = false } = source;
  const text = anonymizeIp && content.text !== undefined ? textWithoutWholeIp(content.text) : content.text;
  const refused = async (refusal: Refusal, detail = ''): Promise<Answer> => {
    metrics({ RequestsRefused: 1 });
    if (text !== undefined) await options.keepRefused(text, refusal, arrival);
    return refuse(refusal, {}, detail);
  };

  if (!content.ok) return refused(content.refusal);
  const events = anonymizeIp ? content.events.map(withoutWholeIp) : content.events;
  if (events.length === 0 && route.kind === 'webhook') return OK;
  const plan = planRequest(events, arrival, options.maxKeys);
  if (plan.kind === 'refuse' && plan.reason === TOO_MANY_USERS) {
    // The events are good, and most clients drop them on this answer: the log names the source for the operator.
    options.log('warn', plan.reason, { source: source.id, limit: options.maxKeys });
    return refused(plan.reason, ` (more than ${options.maxKeys}): send them in smaller requests`);
  }
  if (plan.kind === 'refuse') return refused(plan.reason);

  const outcome = await sendLanes(plan.lanes, { ...options, ...deadline });
  if (outcome.kind === 'sent') {
    metrics({ EventsAccepted: plan.accepted, EventsRejected: plan.rejected });
    return OK;
  }
  // Also when SQS refuses for good: by what it documents none of our messages can be refused, so it is the queue that is set up
  // wrongly (a size limit, say). The events wait in the SDK until an operator fixes it, and are not lost.
  options.log('error', `events not stored: ${outcome.reason}`, { source: source.id, outcome: outcome.kind });
  metrics({ RequestsUnavailable: 1 });
  return unavailable(options.random);
};
