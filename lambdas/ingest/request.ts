/** From API Gateway's event to the request that the policy sees. */
import { clientAddress } from './client-address.ts';

/** The fields that are read of a REST API's proxy event. Nothing is taken for granted: a console's test call has nulls. */
export interface ProxyEvent {
  readonly httpMethod: string;
  /** Without the stage's name. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly requestContext?: {
    readonly identity?: { readonly sourceIp?: string | null } | null;
  } | null;
}

/** The values by name, decoded, in the order in which they stand there. */
export type Query = ReadonlyMap<string, readonly string[]>;

export interface IngestRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  /** By lower-case name; of a repeated header, the first. */
  readonly headers: ReadonlyMap<string, string>;
  /** As sent, compressed or not. */
  readonly body: Buffer;
  /** The gateway read a compressed body as text, and so destroyed it. The gateway's fault, not the client's. */
  readonly mangled: boolean;
  readonly ip: string;
}

const readHeaders = ({ headers, multiValueHeaders }: ProxyEvent): Map<string, string> => {
  const found = new Map<string, string>();
  const add = (name: string, value: string | undefined): void => {
    const key = name.toLowerCase();
    if (value !== undefined && !found.has(key)) found.set(key, value);
  };
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) add(name, values?.[0]);
  for (const [name, value] of Object.entries(headers ?? {})) add(name, value);
  return found;
};

const readQuery = ({
  queryStringParameters: single,
  multiValueQueryStringParameters: multiple,
}: ProxyEvent): Query => {
  const found = new Map<string, readonly string[]>();
  for (const [name, values] of Object.entries(multiple ?? {})) found.set(name, values ?? []);
  for (const [name, value] of Object.entries(single ?? {})) {
    if (value !== undefined && !found.has(name)) found.set(name, [value]);
  }
  return found;
};

/** SDKs that are given a URL with a slash at its end post to `//v1/batch`; a 404 would make some stop for good. */
const tidyPath = (path: string): string => path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');

export const parseRequest = (event: ProxyEvent): IngestRequest => {
  const headers = readHeaders(event);
  const body = event.body ?? '';
  return {
    method: event.httpMethod,
    path: tidyPath(event.path),
    query: readQuery(event),
    headers,
    body: Buffer.from(body, event.isBase64Encoded === true ? 'base64' : 'utf8'),
    // Gzip's second byte is not UTF-8: read as text it becomes the replacement character.
    mangled: event.isBase64Encoded !== true && body.startsWith('\u001f\ufffd'),
    ip: clientAddress(headers.get('x-forwarded-for'), event.requestContext?.identity?.sourceIp ?? ''),
  };
};

/** The user name of basic auth; the password is ignored. `undefined`: the header is missing or malformed. */
export const basicAuthUser = (authorization: string | undefined): string | undefined => {
  const encoded = /^basic +([a-z0-9+/]+={0,2}) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const user = /^([^:]+):/.exec(Buffer.from(encoded, 'base64').toString('utf8'))?.[1];
  return user;
};
