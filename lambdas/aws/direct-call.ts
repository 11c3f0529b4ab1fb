/**
 * A call of AWS without the SDK, for what the functions do with each event: of one service, in the protocol AWS JSON, with the
 * credentials that Lambda gives a function. docs/decisions has what that saves, and what is given up.
 */
import type { Clock } from '../core/base/clock.ts';
import { requireEnv } from './environment.ts';
import { poster, type Posted, type PostLimits } from './post.ts';
import { noteError } from './resources.ts';
import { amzDate, signer, type Credentials } from './signature.ts';

/** @throws what AWS answered, with the error's name; what kept it from answering */
export type Call = (operation: string, input: object, signal?: AbortSignal) => Promise<unknown>;

export interface Service {
  /** In the header `x-amz-target`. */
  readonly target: string;
  /** In the signature. */
  readonly name: string;
  /** Headers of its own, which are signed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the function's. */
  readonly region?: string;
  /** The protocol's version. Default: AWS JSON 1.0. */
  readonly json?: '1.0' | '1.1';
}

export const SQS: Service = {
  target: 'AmazonSQS',
  name: 'sqs',
  headers: { 'x-amzn-query-mode': 'true' },
};
export const KINESIS: Service = { target: 'Kinesis_20131202', name: 'kinesis', json: '1.1' };
export const FIREHOSE: Service = { target: 'Firehose_20150804', name: 'firehose', json: '1.1' };
export const EVENTBRIDGE: Service = { target: 'AWSEvents', name: 'events', json: '1.1' };
export const DYNAMODB: Service = { target: 'DynamoDB_20120810', name: 'dynamodb' };

/** What AWS answered in place of a result. `retrying.ts` goes by it. */
export interface Answered {
  readonly status: number;
  /** Our clock was wrong, and is corrected from now on. */
  readonly isClockCorrected?: boolean;
}

/** As those of the SDK's clients; see `clients.ts`. The caller tries again. */
const LIMITS = { connect: 1_000, answer: 2_000 };

/** By how much our clock may be wrong before AWS refuses a signature; milliseconds. */
const SKEW = 5 * 60_000;

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
const errorOf = ({ status, headers, body }: Posted, isClockCorrected: boolean): Error & Answered => {
  const content = parsed(body);
  const header = headers['x-amzn-errortype'];
  const type =
    (typeof header === 'string' ? header : undefined) ?? textIn(content, '__type') ?? `Status${status}`;
  const message = textIn(content, 'message') ?? textIn(content, 'Message') ?? `answered ${status}`;
  const name = type.replace(/:.*$/, '').replace(/^.*#/, '');
  return Object.assign(new Error(message), { name, status, isClockCorrected });
};

/**
 * @param url of the resource, or of the service: the service is where it is, as for the SDK's client of SQS
 * @throws Error when a variable that is needed is not set, at a call
 */
export const directCall = (
  { target, name, headers: own = {}, region, json = '1.0' }: Service,
  url: string,
  clock: Clock,
  limits: PostLimits = LIMITS,
): Call => {
  const endpoint = new URL(url);
  // While the function starts: what it needs of Node is loaded then.
  const post = poster(endpoint, limits);
  const authorize = () => {
    const credentials = credentialsOf();
    return {
      token: credentials.sessionToken,
      sign: signer(credentials, region ?? requireEnv('AWS_REGION'), name),
    };
  };
  let authority: ReturnType<typeof authorize> | undefined;
  let skew = 0;
  /** @returns whether the answer says that our clock was wrong */
  const correctClock = (date: string | undefined): boolean => {
    const difference = Date.parse(date ?? '') - clock();
    if (!(Math.abs(difference - skew) >= SKEW)) return false;
    skew = difference;
    return true;
  };
  const send: Call = async (operation, input, signal) => {
    const { token, sign } = (authority ??= authorize());
    const body = Buffer.from(JSON.stringify(input));
    const date = amzDate(clock() + skew);
    const signed = {
      'content-type': `application/x-amz-json-${json}`,
      host: endpoint.host,
      'x-amz-date': date,
      ...(token === undefined ? {} : { 'x-amz-security-token': token }),
      'x-amz-target': `${target}.${operation}`,
      ...own,
    };
    const authorization = sign({ headers: signed, body }, date);
    const headers = { ...signed, authorization, 'content-length': String(body.length) };
    const answer = await post(headers, body, signal);
    if (answer.status !== 200) throw errorOf(answer, correctClock(answer.headers.date));
    return JSON.parse(answer.body) as unknown;
  };
  return async (operation, input, signal) => {
    try {
      return await send(operation, input, signal);
    } catch (error) {
      noteError(error, input);
      throw error;
    }
  };
};
