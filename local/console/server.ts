/** The local run's own interface, for the command line on the same machine. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type Listening, type ListenOptions } from '../http.ts';
import { UsageError } from '../settings.ts';

export interface ConsoleActions {
  status(): Promise<unknown>;
  /** @throws UsageError with what is wrong in the configuration; what runs is left as it is */
  redeploy(): Promise<unknown>;
}

export const startConsole = async (actions: ConsoleActions, address: ListenOptions): Promise<Listening> => {
  const server = createServer((request, response) => {
    answer(request, actions).then(
      ({ status, body }) => write(response, status, body),
      (error: unknown) => write(response, 500, { error: String(error) }),
    );
  });
  return listen(server, address);
};

const write = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const answer = async (
  request: IncomingMessage,
  actions: ConsoleActions,
): Promise<{ status: number; body: unknown }> => {
  // A web page that this machine's browser has open must not reach it: neither by a request of its own (Origin), nor
  // under a name of its own that resolves to this address (Host).
  const { host = '', origin } = request.headers;
  if (
    !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host) ||
    (origin !== undefined && origin !== `http://${host}`)
  ) {
    return { status: 403, body: { error: 'only for programs on this machine' } };
  }
  switch (`${request.method ?? ''} ${request.url ?? ''}`) {
    case 'GET /api/status':
      return { status: 200, body: await actions.status() };
    case 'POST /api/redeploy':
      try {
        return { status: 200, body: await actions.redeploy() };
      } catch (error) {
        if (error instanceof UsageError) return { status: 422, body: { error: error.message } };
        throw error;
      }
    default:
      return { status: 404, body: { error: 'there is no such call' } };
  }
};
