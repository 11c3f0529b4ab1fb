/** What the local AWS API is asked, and what it answers; each service's file makes the one of the other. */

export interface ApiRequest {
  readonly method: string;
  /** Decoded by nobody yet; without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Unpacked, if it was compressed. */
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** In place of the body: what is no text. */
  readonly bytes?: Buffer;
}

export const json = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** An error of the services that speak JSON. */
export const failure = (status: number, errorType: string, message: string, more: object = {}): Answer =>
  json(status, { __type: errorType, message, ...more }, { 'x-amzn-errortype': errorType });

/** @throws SyntaxError */
export const readJson = ({ body }: ApiRequest): Readonly<Record<string, unknown>> =>
  (body.length === 0 ? {} : JSON.parse(body.toString())) as Readonly<Record<string, unknown>>;
