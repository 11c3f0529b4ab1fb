/** A destination for trying things out: prints each event that arrives, and answers as asked. */
import { createServer } from 'node:http';
import pc from 'picocolors';
import { listen, readBody, type Listening } from '../local/common/http.ts';
import { jsonText, plain } from '../local/common/terminal.ts';
import { HOST } from '../local/common/settings.ts';

export interface ListenOptions {
  readonly port: number;
  /** The status of every answer. */
  readonly status: number;
  /** Print the events as JSON, one a line, for a program. */
  readonly json: boolean;
  readonly print: (line: string) => void;
}

const MAX_BODY = 16 * 1024 * 1024;

/** By which a destination with `auth` asks for a token. Every client gets the same one. */
const FORM = 'application/x-www-form-urlencoded';
const TOKEN = JSON.stringify({ access_token: 'local-token', token_type: 'Bearer', expires_in: 3600 });

/** @throws UsageError when the port is in use */
export const startListener = async ({ port, status, json, print }: ListenOptions): Promise<Listening> => {
  const server = createServer((request, response) => {
    readBody(request, MAX_BODY).then(
      (body) => {
        const asksForToken = request.headers['content-type']?.startsWith(FORM) === true;
        for (const line of asksForToken ? [] : linesOf(body.toString(), json)) print(line);
        if (asksForToken) response.writeHead(200, { 'content-type': 'application/json' }).end(TOKEN);
        else response.writeHead(status).end();
      },
      (error: unknown) => {
        print(pc.red(`a request could not be read: ${String(error)}`));
        response.writeHead(400).end();
      },
    );
  });
  return listen(server, { host: HOST, port, choose: 'set --port' });
};

const linesOf = (body: string, json: boolean): readonly string[] => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [pc.red(`not JSON: ${plain(body.slice(0, 200))}`)];
  }
  const events = Array.isArray(parsed) ? parsed : [parsed];
  return events.map((event: unknown) => {
    if (json) return jsonText(event);
    return isRecord(event) ? describe(event) : pc.red(`not an event: ${plain(JSON.stringify(event))}`);
  });
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const describe = (event: Readonly<Record<string, unknown>>): string => {
  const text = (key: string) =>
    typeof event[key] === 'string' ? plain(event[key]).replaceAll('\n', ' ') : '';
  const user = text('userId') === '' ? text('anonymousId') : text('userId');
  const name = text('event') === '' ? text('name') : text('event');
  const time = new Date().toISOString().slice(11, 23);
  return [
    pc.dim(time),
    text('type').padEnd(8),
    pc.cyan(user.padEnd(16)),
    name,
    pc.dim(text('messageId')),
  ].join('  ');
};
