/**
 * What API Gateway answers on its own, without asking ingest. SDKs read any 4xx as "drop this": some discard the batch,
 * on 401 some empty their store, on 404 some stop for good. They keep and repeat what is answered with 429 or 503. So
 * each trouble that is ours, or that passes, becomes one of those two, with the headers that a browser asks for.
 */
import { ResponseType, type GatewayResponse, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { CORS_HEADERS } from '../contract/cors.ts';

/** Header values of a gateway response are expressions: a constant is quoted. */
const constant = (value: string): string => `'${value}'`;

const CORS = {
  'Access-Control-Allow-Origin': constant('*'),
  'Access-Control-Allow-Methods': constant('GET,POST,OPTIONS'),
  'Access-Control-Allow-Headers': constant(CORS_HEADERS.join(',')),
  'Access-Control-Expose-Headers': constant('Retry-After'),
  'Access-Control-Max-Age': constant('900'),
};

/** Seconds. A gateway response cannot add jitter; SDKs have their own. */
const RETRY_AFTER = { 'Retry-After': constant('5') };

/** Throttled: too much at the same time, and it passes. */
const SLOW_DOWN = [
  ResponseType.THROTTLED,
  ResponseType.QUOTA_EXCEEDED,
  // A firewall that the owner put in front. Its usual reason is a rate; its own 403 would lose the events.
  ResponseType.WAF_FILTERED,
];

/** Ours: ingest failed or could not be reached, or the API is deployed wrongly. */
const UNAVAILABLE = [
  // Every 5xx that has no answer of its own: ingest crashed, was throttled, or answered what cannot be read.
  ResponseType.DEFAULT_5XX,
  ResponseType.INTEGRATION_FAILURE,
  ResponseType.INTEGRATION_TIMEOUT,
  ResponseType.API_CONFIGURATION_ERROR,
  ResponseType.AUTHORIZER_CONFIGURATION_ERROR,
  ResponseType.AUTHORIZER_FAILURE,
  // The API has one route for every path, no authorizer and no keys; ingest alone decides who may send. So these
  // cannot be the client's doing, and only a mistake in a deployment can bring them about.
  ResponseType.RESOURCE_NOT_FOUND,
  ResponseType.MISSING_AUTHENTICATION_TOKEN,
  ResponseType.UNAUTHORIZED,
  ResponseType.ACCESS_DENIED,
  ResponseType.EXPIRED_TOKEN,
  ResponseType.INVALID_API_KEY,
  ResponseType.INVALID_SIGNATURE,
  ResponseType.UNSUPPORTED_MEDIA_TYPE,
];

/**
 * Headers of more than 10,240 bytes (431), and a request that is not well-formed HTTP. The status cannot be set without
 * setting that of every other 4xx. Headers can become small again, when a page's cookies expire, say: an SDK that keeps
 * its events on this status is given a time to wait.
 */
const OTHER = ResponseType.DEFAULT_4XX;

/** Left as they are, but for CORS: they stay wrong however often they are sent. A body above API Gateway's 10 MB is one. */
const UNCHANGED = [
  ResponseType.REQUEST_TOO_LARGE,
  ResponseType.BAD_REQUEST_BODY,
  ResponseType.BAD_REQUEST_PARAMETERS,
];

export const addGatewayResponses = (api: RestApi): void => {
  let last: GatewayResponse | undefined;
  const add = (type: ResponseType, retry?: { statusCode?: string }): void => {
    const response = api.addGatewayResponse(type.responseType, {
      type,
      responseHeaders: retry === undefined ? CORS : { ...CORS, ...RETRY_AFTER },
      ...retry,
    });
    // One after another: API Gateway takes few changes of an API at a time, and refuses the others.
    if (last !== undefined) response.node.addDependency(last);
    last = response;
  };
  for (const type of SLOW_DOWN) add(type, { statusCode: '429' });
  for (const type of UNAVAILABLE) add(type, { statusCode: '503' });
  add(OTHER, {});
  for (const type of UNCHANGED) add(type);
};
