/** The AWS endpoint during tests: nothing listens there, so a client without an endpoint of its own fails immediately. */
export const NOWHERE = 'http://127.0.0.1:9';
