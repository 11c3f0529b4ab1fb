/**
 * Who may call the local run's AWS services: its own functions and command line, which have this run's credentials, and no page of
 * this machine's browser.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { failure } from './answer.ts';
import type { Handle } from './server.ts';

/** As an AWS client takes them. */
export interface Credentials {
  /** Random, and of one run. Clients send it in clear with each request, which does not leave the machine. */
  readonly accessKeyId: string;
  /** Not checked: signatures are not verified, and the id alone lets a caller in. */
  readonly secretAccessKey: string;
}

export const newCredentials = (): Credentials => ({
  accessKeyId: `SLUICE${randomBytes(20).toString('hex').toUpperCase()}`,
  secretAccessKey: 'local',
});

/** Whether a server is called by a name of this machine. Any other may be a page's own name that resolves to this address (DNS rebinding). */
export const isOwnHost = (host = ''): boolean => /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);

/** No page has business here, so that a browser is refused whatever its page's origin is. */
const isBrowser = (headers: IncomingHttpHeaders): boolean =>
  headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;

const presentedId = ({ authorization = '' }: IncomingHttpHeaders): string =>
  /^AWS4-HMAC-SHA256 .*?Credential=([^/,\s]+)\//.exec(authorization)?.[1] ?? '';

/** Takes as long for a guess that is nearly right as for any other. */
export const isEqual = (given: string, wanted: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Why a request is refused; undefined: it is not. */
export const refusedAccess = (
  headers: IncomingHttpHeaders,
  { accessKeyId }: Credentials,
): string | undefined => {
  if (!isOwnHost(headers.host) || isBrowser(headers)) return 'only for programs on this machine';
  if (isEqual(presentedId(headers), accessKeyId)) return undefined;
  return "The security token included in the request is invalid: use this run's accessKeyId, which is in run.json of its data directory.";
};

/** Calls `handle` for requests with a run's credentials; the others are answered 403, and the rest of their body is not read. */
export const withCredentials =
  (credentials: Credentials, handle: Handle): Handle =>
  (request, response) => {
    const reason = refusedAccess(request.headers, credentials);
    if (reason === undefined) return handle(request, response);
    const { status, headers, body } = failure(403, 'UnrecognizedClientException', reason);
    return response.writeHead(status, { ...headers, connection: 'close' }).end(body);
  };
