/** A console whose address has a secret: that of a stack. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { LOCAL_PLACE } from '../../../local/console/contract.ts';
import { startConsole } from '../../../local/console/server.ts';
import type { Listening } from '../../../local/common/http.ts';
import { askServer } from './ask-server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
/** What was called, with what. */
let calls: unknown[][] = [];
const control = (asked: unknown) => {
  calls.push(['control', asked]);
  return Promise.resolve({ ok: false as const, refused: 'there is no stage x' });
};
const ask = (method: string, path: string) => askServer(guarded, method, path);
beforeEach(() => {
  calls = [];
});

const place = { ...LOCAL_PLACE, stack: 'Shop', operates: false };
const SECRET = 'a-secret-of-this-console';
let guarded: Listening;
beforeAll(async () => {
  guarded = await startConsole({ place, control }, { host: '127.0.0.1', port: 0 }, SECRET);
});
afterAll(() => guarded.close());

it('is at an address of its own, and has the page and the calls there', async () => {
  expect(guarded.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/a-secret-of-this-console\/$/);
  const page = await fetch(guarded.url);
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  const files = Array.from((await page.text()).matchAll(/(?:src|href)="([^"#]+)"/g), ([, file = '']) => file);
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) expect((await fetch(new URL(file, guarded.url))).status).toBe(200);
  expect(await ask('GET', 'api/about')).toMatchObject({
    status: 200,
    body: { ...place, has: [] },
  });
  expect(
    await askServer(guarded, 'POST', 'api/control', { headers: JSON_TYPE, content: '{"command":"x"}' }),
  ).toMatchObject({
    status: 200,
  });
  expect(calls).toEqual([['control', { command: 'x' }]]);
});

it.each([
  '/',
  '/api/about',
  '/page.js',
  '/a-secret',
  '/a-secret-of-this-console',
  '/a-secret-of-this-consolf/',
  '/a-secret-of-this-consolf/api/about',
])('%s is refused', async (path) => {
  const url = new URL(guarded.url);
  const answered = await askServer({ url: url.origin }, 'POST', path, { headers: JSON_TYPE, content: '{}' });
  expect(answered).toMatchObject({
    status: 403,
    body: {
      error: 'open the address that the command has printed: its secret is missing here, or another',
    },
  });
  expect(calls).toEqual([]);
});

it('the secret alone lets no other page in', async () => {
  const foreign = { origin: 'http://evil.example' };
  expect(await askServer(guarded, 'GET', 'api/about', { headers: foreign })).toMatchObject({
    status: 403,
    body: { error: 'only for programs on this machine' },
  });
  const rebound = { host: 'evil.example:80' };
  expect(await askServer(guarded, 'GET', 'api/about', { headers: rebound })).toMatchObject({
    status: 403,
    body: { error: 'only for programs on this machine' },
  });
});

it.each([
  ['GET', 'api/status'],
  ['POST', 'api/redeploy'],
  ['GET', 'api/metrics'],
  ['GET', 'api/alarms'],
])('%s %s is of another console', async (method, path) => {
  expect(await ask(method, path)).toMatchObject({
    status: 404,
    body: { error: 'there is no such call' },
  });
});
