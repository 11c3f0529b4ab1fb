/** Passes a fixture's requests to ingest as API Gateway does: bodies in base64, the query separate from the path. */
import type { ProxyResult } from '../../lambdas/ingest/response.ts';
import { proxyEvent, setUp } from '../lambdas/ingest/fakes.ts';
import { bytesOf, eventsIn, type Fixture, type FixtureRequest, type SentEvent } from './fixture.ts';

export interface Variant {
  readonly name: string;
  readonly sdk: string;
  readonly requests: readonly FixtureRequest[];
  /** The events of the SDK, once each, as first sent. */
  readonly events: readonly SentEvent[];
}

/** The first of repeated events. */
export const withoutRepeats = <Event extends { readonly messageId: string }>(
  events: readonly Event[],
): readonly Event[] =>
  events.filter(({ messageId }, i) => events.findIndex((one) => one.messageId === messageId) === i);

export const variantsOf = ({ sdk, version, requests }: Fixture): readonly Variant[] =>
  [...new Set(requests.map(({ variant }) => variant))].map((variant) => {
    const own = requests.filter((request) => request.variant === variant);
    return {
      name: `${sdk} ${version}, ${variant}`,
      sdk,
      requests: own,
      events: withoutRepeats(own.flatMap(eventsIn)),
    };
  });

export interface Replayed {
  readonly request: FixtureRequest;
  readonly answer: ProxyResult;
}

export type Change = (request: FixtureRequest) => FixtureRequest;

/** @param change applied to each request first */
export const replay = async ({ requests }: Variant, change: Change = (request) => request) => {
  const { ingest, queue } = setUp();
  const replayed: Replayed[] = [];
  for (const request of requests.map(change)) {
    const [path = '', query] = request.path.split('?');
    const answer = await ingest(
      proxyEvent({
        method: request.method,
        path,
        ...(query === undefined ? {} : { query }),
        headers: request.headers,
        ...(request.body === undefined ? {} : { body: bytesOf(request.body) }),
      }),
    );
    replayed.push({ request, answer });
  }
  const messages = queue.envelopes.map((envelope, i) => ({
    envelope,
    group: queue.stored[i]?.groupId ?? '',
  }));
  return { replayed, messages };
};
