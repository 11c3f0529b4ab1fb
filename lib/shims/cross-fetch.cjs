'use strict';
// The HTTP client of Segment's library. Its place takes the one that `lambdas/deliver/destinations/actions/program.ts` puts there, which guards
// where requests go.
const fetch = (...args) => globalThis.fetch(...args);
const { Headers, Request, Response } = globalThis;
module.exports = Object.assign(fetch, {
  default: fetch,
  fetch,
  Headers,
  Request,
  Response,
  __esModule: true,
});
