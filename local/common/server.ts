/**
 * What every HTTP server of the local run has: each request is answered, whatever its handler throws, and a connection gets one answer
 * at a time.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import pLimit from 'p-limit';

export type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;
/** Answers a request whose handler has thrown. No header is set by then. */
export type Failed = (error: unknown, response: ServerResponse) => void;

/** Of all connections together: requests that are handled at the same time of those that came before an earlier answer. */
const PIPELINED_LIMIT = 4;

/** For `http.createServer`. */
export const toListener = (handle: Handle, failed: Failed): RequestListener =>
  inTurn((request, response) => answered(request, response, handle, failed));

type Answering = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const answered = async (
  request: IncomingMessage,
  response: ServerResponse,
  handle: Handle,
  failed: Failed,
): Promise<void> => {
  try {
    await handle(request, response);
  } catch (error) {
    // Half an answer cannot be taken back, and a client that went away reads none.
    if (response.headersSent || response.socket === null || response.socket.destroyed) {
      response.destroy();
      return;
    }
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    // The rest of its body is not read.
    response.setHeader('connection', 'close');
    failed(error, response);
  }
};

interface Line {
  isBusy: boolean;
  /** Requests that arrived before the answer to an earlier one was written. */
  readonly waiting: (() => void)[];
}

/**
 * Node starts to handle every request that it reads, however many of the same connection are not answered yet. A client that sends
 * thousands and reads no answer would keep all others waiting. So a connection's next request is handled when the answer
 * to the one before it is written, and while requests wait nothing more is read from it. Of a hundred such connections only a few are
 * served at the same time, so that a client that waits for its answer does not stand behind all of them.
 */
const inTurn = (answer: Answering): RequestListener => {
  const lines = new WeakMap<Socket, Line>();
  const pipelined = pLimit(PIPELINED_LIMIT);
  const lineOf = (socket: Socket): Line => {
    const known = lines.get(socket);
    if (known !== undefined) return known;
    const line: Line = { isBusy: false, waiting: [] };
    lines.set(socket, line);
    // Reading a request's body resumes the connection, and the whole body is there when another request has come after it.
    socket.on('resume', () => {
      if (line.waiting.length > 0) socket.pause();
    });
    return line;
  };
  return (request, response) => {
    const { socket } = request;
    const line = lineOf(socket);
    /** Takes the next one of the connection when this one's answer is written. */
    const watch = (): void => {
      response.once('close', () => {
        const next = socket.destroyed ? undefined : line.waiting.shift();
        line.isBusy = next !== undefined;
        // What is left of the last one's body has to be read.
        if (line.waiting.length === 0 && !socket.destroyed) socket.resume();
        next?.();
      });
    };
    if (line.isBusy) {
      line.waiting.push(() => {
        watch();
        void pipelined(() => answer(request, response));
      });
      socket.pause();
    } else {
      line.isBusy = true;
      watch();
      void answer(request, response);
    }
  };
};
