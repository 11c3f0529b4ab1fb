import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { startConsole } from '../../local/console/server.ts';
import type { Listening } from '../../local/http.ts';
import { UsageError } from '../../local/settings.ts';

let redeploy: () => Promise<unknown> = () => Promise.resolve({ deployed: true });
let calls = 0;
let console: Listening;

beforeAll(async () => {
  console = await startConsole(
    {
      status: () => Promise.resolve({ queues: [] }),
      redeploy: () => {
        calls += 1;
        return redeploy();
      },
    },
    { host: '127.0.0.1', port: 0 },
  );
});
afterAll(() => console.close());

/** `fetch` sets the Host header itself; a page under another name is what this is about. */
const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number | undefined; body: unknown }>((done, fail) => {
    const asked = request(`${console.url}${path}`, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => done({ status: response.statusCode, body: JSON.parse(text) }));
    });
    asked.on('error', fail).end();
  });

describe('the console', () => {
  it('tells the status', async () => {
    expect(await ask('GET', '/api/status')).toEqual({ status: 200, body: { queues: [] } });
  });

  it('redeploys', async () => {
    expect(await ask('POST', '/api/redeploy')).toEqual({ status: 200, body: { deployed: true } });
  });

  it("tells a person's mistake apart from a fault", async () => {
    redeploy = () => Promise.reject(new UsageError('sources: is empty'));
    expect(await ask('POST', '/api/redeploy')).toEqual({ status: 422, body: { error: 'sources: is empty' } });
    redeploy = () => Promise.reject(new Error('disk full'));
    expect(await ask('POST', '/api/redeploy')).toEqual({ status: 500, body: { error: 'Error: disk full' } });
  });

  it.each([
    ['GET', '/api/redeploy'],
    ['POST', '/api/status'],
    ['GET', '/'],
  ])('%s %s does not exist', async (method, path) => {
    expect(await ask(method, path)).toMatchObject({ status: 404 });
  });

  it.each<[string, Record<string, string>]>([
    ['a page of another origin', { origin: 'http://evil.example' }],
    ['a page from a file', { origin: 'null' }],
    ['another server on this machine', { origin: 'http://127.0.0.1:1' }],
    ['a name that resolves to this machine', { host: 'evil.example:8090' }],
  ])('%s is refused, and nothing happens', async (_, headers) => {
    const before = calls;
    expect(await ask('POST', '/api/redeploy', headers)).toEqual({
      status: 403,
      body: { error: 'only for programs on this machine' },
    });
    expect(calls).toBe(before);
  });

  it('its own page is welcome', async () => {
    expect(await ask('GET', '/api/status', { origin: console.url })).toMatchObject({ status: 200 });
    const host = `localhost:${console.port}`;
    expect(await ask('GET', '/api/status', { host, origin: `http://${host}` })).toMatchObject({
      status: 200,
    });
  });
});
