'use strict';
// `node:http` without a namespace. An ES module that imports a module of Node reads each of its exports, and two of this one's,
// `WebSocket` and `MessageEvent`, then load an HTTP client that nothing here uses: 28 ms of a start on Node 24. The name is not written
// where it is required, so that the bundler leaves the call alone.
const name = 'node:http';
module.exports = require(name);
