/**
 * A call of AWS without the SDK, for ingest: of one service, in the protocol AWS JSON 1.0, with the credentials that Lambda gives a function.
 * docs/decisions has what that saves, and what is given up.
 */
import type { Clock } from '../core/base/clock.ts';
import { requireEnv } from './environment.ts';
import { poster, type Posted } from './post.ts';
import { amzDate, signer, type Credentials } from './signature.ts';

/** @throws what AWS answered, with the error's name; what kept it from answering */
export type Call = (operation: string, input: object, signal?: AbortSignal) => Promise<unknown>;

export interface Service {
  /** In the header `x-amz-target`. */
  readonly target: string;
  /** In the signature. */
  readonly name: string;
}

/** As those of the SDK's clients; see `clients.ts`. The caller tries again. */
const LIMITS = { connect: 1_000, answer: 2_000 };

/** The variables of a function stay as they are for as long as its environment lives, as Lambda's documentation has it. */
const credentialsOf = (): Credentials => ({
  accessKeyId: requireEnv('AWS_ACCESS_KEY_ID'),
  secretAccessKey: requireEnv('AWS_SECRET_ACCESS_KEY'),
  sessionToken: process.env['AWS_SESSION_TOKEN'],
});

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const textIn = (body: unknown, name: string): string | undefined => {
  const value =
    typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** Named as the SDK names it: `com.amazonaws.sqs#QueueDoesNotExist`, or with an address behind a colon. */
const errorOf = ({ status, headers, body }: Posted): Error => {
  const content = parsed(body);
  const header = headers['x-amzn-errortype'];
  const type =
    (typeof header === 'string' ? header : undefined) ?? textIn(content, '__type') ?? `Status${status}`;
  const message = textIn(content, 'message') ?? textIn(content, 'Message') ?? `answered ${status}`;
  const name = type.replace(/:.*$/, '').replace(/^.*#/, '');
  return Object.assign(new Error(message), { name });
};

/**
 * @param url of the resource: the service is where it is, as for the SDK's client of SQS
 * @throws Error when a variable that is needed is not set, at a call
 */
export const directCall = ({ target, name }: Service, url: string, clock: Clock): Call => {
  const endpoint = new URL(url);
  // While the function starts: what it needs of Node is loaded then.
  const post = poster(endpoint, LIMITS);
  const authorize = () => {
    const credentials = credentialsOf();
    return { token: credentials.sessionToken, sign: signer(credentials, requireEnv('AWS_REGION'), name) };
  };
  let authority: ReturnType<typeof authorize> | undefined;
  return async (operation, input, signal) => {
    const { token, sign } = (authority ??= authorize());
    const body = Buffer.from(JSON.stringify(input));
    const date = amzDate(clock());
    const signed = {
      'content-type': 'application/x-amz-json-1.0',
      host: endpoint.host,
      'x-amz-date': date,
      ...(token === undefined ? {} : { 'x-amz-security-token': token }),
      'x-amz-target': `${target}.${operation}`,
      'x-amzn-query-mode': 'true',
    };
    const authorization = sign({ headers: signed, body }, date);
    const headers = { ...signed, authorization, 'content-length': String(body.length) };
    const answer = await post(headers, body, signal);
    if (answer.status !== 200) throw errorOf(answer);
    return JSON.parse(answer.body) as unknown;
  };
};
