/** Headers beyond API Gateway's quota: the answer is the template's, which a browser can read. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { startApi } from '../../../local/api-gateway/service.ts';
import type { Listening } from '../../../local/common/http.ts';

const QUOTA = 10_240;

let api: Listening;
let calls = 0;

beforeAll(async () => {
  const headers = { 'Access-Control-Allow-Origin': '*', 'Retry-After': '5' };
  api = await startApi(
    {
      stage: () => 'live',
      responses: () => [{ type: 'DEFAULT_4XX', status: undefined, headers, body: undefined }],
      invoke: () => {
        calls += 1;
        return Promise.resolve({ ok: true, payload: { statusCode: 200, body: 'ok' } });
      },
    },
    { host: '127.0.0.1', port: 0 },
  );
});
beforeEach(() => {
  calls = 0;
});
afterAll(() => api.close());

/** With these headers and no others, so that their bytes are known. */
const ask = (values: readonly string[], body = '') =>
  new Promise<{ readonly status: number | undefined; readonly headers: NodeJS.Dict<string | string[]> }>(
    (done, failed) => {
      const headers = [
        ...['Host', 'local', 'Content-Length', String(body.length)],
        ...values.flatMap((value, i) => [`X-Value-${i}`, value]),
      ];
      const call = request(api.url, { method: 'POST', headers, agent: false }, (response) => {
        response.resume();
        done({ status: response.statusCode, headers: response.headers });
      });
      call.on('error', failed);
      call.end(body);
    },
  );

/** The values of `Host`, `Content-Length` and `Connection: close`. */
const OTHERS = 'local'.length + '0'.length + 'close'.length;

it('takes as many bytes of header values as API Gateway, names not counted', async () => {
  expect((await ask(['x'.repeat(QUOTA - OTHERS)])).status).toBe(200);
  expect(calls).toBe(1);
});

it.each([
  ['one byte more', ['x'.repeat(QUOTA - OTHERS + 1)]],
  ['the same in many headers', Array.from({ length: 100 }, () => 'x'.repeat(QUOTA / 100 + 1))],
  ['more than Node takes by default', ['x'.repeat(100_000)]],
])('%s is 431, for browsers as well, and calls nobody', async (_, values) => {
  const { status, headers } = await ask(values);
  expect(status).toBe(431);
  expect(headers).toMatchObject({ 'access-control-allow-origin': '*', 'retry-after': '5' });
  expect(calls).toBe(0);
});
