/**
 * Connections that are kept alive between requests.
 *
 * HTTP/1.1 matches answers to requests by their order alone, so bytes that a server sends in addition to an answer would be
 * read as the answer to the next request on that connection: an event would count as delivered, or as refused, by an answer that
 * was never given to it. A connection is therefore reused only while nothing arrives on it between two requests, and a
 * server that once sent such bytes gets a connection for each request from then on.
 */
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

export class Connections {
  readonly #agents = {
    'http:': this.#watched(new http.Agent({ keepAlive: true })),
    'https:': this.#watched(new https.Agent({ keepAlive: true })),
  };
  #isKeeping = true;

  /**
   * Resolves to what the request goes out by; `false`: a connection of its own.
   * @param protocol of the URL
   */
  async agent(protocol: string): Promise<http.Agent | false> {
    // A function may have been frozen since its last request. The event loop reads what has arrived on idle connections in its
    // poll phase, and the second of two turns cannot begin before such a phase has passed.
    await nextTurn();
    await nextTurn();
    return this.#isKeeping ? this.#agents[protocol === 'https:' ? 'https:' : 'http:'] : false;
  }

  /** The server sent bytes that belong to no answer. */
  keepNone(): void {
    this.#isKeeping = false;
    for (const { freeSockets } of Object.values(this.#agents)) {
      for (const socket of Object.values(freeSockets).flatMap((idle) => idle ?? [])) socket.destroy();
    }
  }

  #watched(agent: http.Agent): http.Agent {
    const onIdleBytes = (): void => {
      this.keepNone();
    };
    // It returns whether the agent may keep the connection; its type does not say so.
    const keep: (socket: Duplex) => unknown = agent.keepSocketAlive.bind(agent);
    const reuse = agent.reuseSocket.bind(agent);
    return Object.assign(agent, {
      keepSocketAlive: (socket: Duplex): unknown => {
        if (!this.#isKeeping) return false;
        socket.on('data', onIdleBytes);
        return keep(socket);
      },
      reuseSocket: (socket: Duplex, request: http.ClientRequest): void => {
        socket.off('data', onIdleBytes);
        reuse(socket, request);
      },
    });
  }
}
