/** Where AWS is while tests run: nothing listens there, so a client that was not pointed at a server fails at once. */
export const NOWHERE = 'http://127.0.0.1:9';
