import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LOCAL_PLACE } from '../../../local/console/contract.ts';
import { startConsole, Unavailable, type ConsoleActions } from '../../../local/console/server.ts';
import type { Listening } from '../../../local/common/http.ts';
import { UsageError } from '../../../local/common/settings.ts';
import { askServer } from './ask-server.ts';

const SERIES = { step: 5000, at: [1000], accepted: [1], delivered: [null], backlog: [2] };
const ALARM = { name: 'router degraded', state: 'OK' as const, since: 1, reason: '' };

/** What was called, with what. */
let calls: unknown[][] = [];
let fail: (() => Error) | undefined;
let console: Listening;

const called = <T>(name: string, args: unknown[], result: T): Promise<T> => {
  calls.push([name, ...args]);
  return fail === undefined ? Promise.resolve(result) : Promise.reject(fail());
};
const actions: ConsoleActions = {
  place: LOCAL_PLACE,
  status: () => called('status', [], { queues: [] }),
  redeploy: (options) => called('redeploy', [options], { deployed: true }),
  control: (asked) => called('control', [asked], { ok: false, refused: 'there is no stage x' }),
  metrics: (from) => called('metrics', [from], SERIES),
  alarms: () => called('alarms', [], [ALARM]),
};

beforeAll(async () => {
  console = await startConsole(actions, { host: '127.0.0.1', port: 0 });
});
afterAll(() => console.close());
beforeEach(() => {
  calls = [];
  fail = undefined;
});

const ask = (method: string, path: string, headers: Record<string, string> = {}, content = '') =>
  askServer(console, method, path, { headers, content });

const JSON_TYPE = { 'content-type': 'application/json' };
const REFUSED = { status: 403, body: { error: 'only for programs on this machine' } };

describe('the console’s calls', () => {
  it.each<[string, string, unknown[], unknown]>([
    ['GET', '/api/status', ['status'], { queues: [] }],
    ['POST', '/api/redeploy', ['redeploy', { unchecked: false }], { deployed: true }],
    ['POST', '/api/redeploy?unchecked=true', ['redeploy', { unchecked: true }], { deployed: true }],
    ['POST', '/api/redeploy?unchecked=false', ['redeploy', { unchecked: false }], { deployed: true }],
    [
      'POST',
      '/api/redeploy?canary=removed',
      ['redeploy', { unchecked: false, canary: 'removed' }],
      { deployed: true },
    ],
    ['GET', '/api/alarms', ['alarms'], [ALARM]],
    ['GET', '/api/metrics?from=1700000000000', ['metrics', 1_700_000_000_000], SERIES],
  ])('%s %s', async (method, path, call, body) => {
    expect(await ask(method, path)).toMatchObject({ status: 200, body });
    expect(calls).toEqual([call]);
  });

  it('hands a request to control as it came, and passes on its answer, a refusal too', async () => {
    const asked = { command: 'hold', stage: 'x', reason: 'ö' };
    expect(await ask('POST', '/api/control', JSON_TYPE, JSON.stringify(asked))).toMatchObject({
      status: 200,
      body: { ok: false, refused: 'there is no stage x' },
    });
    expect(calls).toEqual([['control', asked]]);
  });

  it('shows the last quarter of an hour by default', async () => {
    const before = Date.now();
    await ask('GET', '/api/metrics');
    const [, from] = calls[0] as [string, number];
    expect(from).toBeGreaterThanOrEqual(before - 900_000);
    expect(from).toBeLessThanOrEqual(Date.now() - 900_000);
  });

  it('says where the pipeline runs, and what it has', async () => {
    expect(await ask('GET', '/api/about')).toMatchObject({
      status: 200,
      body: { ...LOCAL_PLACE, has: ['redeploy', 'metrics', 'alarms'] },
    });
  });

  it('says in words what AWS refuses', async () => {
    fail = () => new Unavailable('the credentials lack the permission');
    expect(await ask('POST', '/api/control', JSON_TYPE, '{}')).toMatchObject({
      status: 502,
      body: { error: 'the credentials lack the permission' },
    });
  });

  it('knows two canaries, and deploys nothing for another', async () => {
    expect(await ask('POST', '/api/redeploy?canary=gone')).toMatchObject({
      status: 400,
      body: { error: 'canary: give removed or concurrency' },
    });
    expect(calls).toEqual([]);
  });

  it('distinguishes a user error from a fault', async () => {
    fail = () => new UsageError('sources: is empty');
    expect(await ask('POST', '/api/redeploy')).toMatchObject({
      status: 422,
      body: { error: 'sources: is empty' },
    });
    fail = () => new Error('disk full');
    expect(await ask('GET', '/api/alarms')).toMatchObject({
      status: 500,
      body: { error: 'Error: disk full' },
    });
  });

  it.each([
    ['GET', '/api/nothing'],
    ['POST', '/nothing'],
    ['GET', '/main.ts'],
    ['GET', '/../server.ts'],
    ['GET', '/api/__proto__'],
  ])('%s %s does not exist', async (method, path) => {
    expect(await ask(method, path)).toMatchObject({ status: 404, body: { error: 'there is no such call' } });
  });

  it.each([
    ['GET', '/api/redeploy', 'POST'],
    ['GET', '/api/control', 'POST'],
    ['POST', '/api/status', 'GET'],
    ['POST', '/', 'GET'],
    ['DELETE', '/api/status', 'GET'],
  ])('%s %s: the method is wrong', async (method, path, allow) => {
    expect(await ask(method, path)).toMatchObject({
      status: 405,
      headers: { allow },
      body: { error: `use ${allow}` },
    });
    expect(calls).toEqual([]);
  });
});

describe('what cannot be used', () => {
  it.each<[string, Record<string, string>, string, number, string]>([
    ['no JSON', JSON_TYPE, '{"command":', 400, 'the body is not JSON'],
    ['too large', JSON_TYPE, `"${'x'.repeat(70_000)}"`, 413, 'the body has more than 65536 bytes'],
    ['no type', {}, '{}', 415, 'send application/json'],
    ['a form’s type', { 'content-type': 'text/plain' }, '{}', 415, 'send application/json'],
    [
      'a type that only begins alike',
      { 'content-type': 'application/jsonp' },
      '{}',
      415,
      'send application/json',
    ],
  ])('%s is refused', async (_, headers, content, status, error) => {
    const answered = await ask('POST', '/api/control', headers, content);
    expect(answered.status).toBe(status);
    expect((answered.body as { error: string }).error).toContain(error);
    expect(calls).toEqual([]);
  });

  it('a form cannot redeploy either', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await ask('POST', '/api/redeploy', form)).toMatchObject({ status: 415 });
    expect(calls).toEqual([]);
  });

  it('a flag of a redeployment that is neither true nor false is refused', async () => {
    expect(await ask('POST', '/api/redeploy?unchecked=1')).toMatchObject({
      status: 400,
      body: { error: 'unchecked: give true or false' },
    });
    expect(calls).toEqual([]);
  });

  it('a time that is none is refused', async () => {
    expect(await ask('GET', '/api/metrics?from=yesterday')).toMatchObject({
      status: 400,
      body: { error: 'from: give milliseconds since 1970' },
    });
  });
});

describe('who may ask', () => {
  const FOREIGN: [string, Record<string, string>][] = [
    ['a page of another origin', { origin: 'http://evil.example' }],
    ['a page from a file', { origin: 'null' }],
    ['another server on this machine', { origin: 'http://127.0.0.1:1' }],
    ['a name that resolves to this machine', { host: 'evil.example:8090' }],
    ['an image of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a script of another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }],
  ];
  it.each(FOREIGN)('%s is refused, and nothing happens', async (_, headers) => {
    for (const [method, path] of [
      ['POST', '/api/redeploy'],
      ['POST', '/api/control'],
      ['GET', '/api/status'],
      ['GET', '/'],
    ] as const) {
      expect(await ask(method, path, headers)).toMatchObject(REFUSED);
    }
    expect(calls).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['its own page', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }],
    ['a user who typed the address', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
    ['a link from elsewhere', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
  ])('%s is welcome', async (_, headers) => {
    expect(await ask('GET', '/api/status', headers)).toMatchObject({ status: 200 });
  });

  it('its own page is welcome under both names', async () => {
    expect(await ask('GET', '/api/status', { origin: console.url })).toMatchObject({ status: 200 });
    const host = `localhost:${console.port}`;
    expect(await ask('GET', '/api/status', { host, origin: `http://${host}` })).toMatchObject({
      status: 200,
    });
  });

  it('no answer may be kept, guessed at, or used by another site', async () => {
    const { headers } = await ask('GET', '/api/status');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
  });
});

describe('the page', () => {
  it('is all there, each file with its type, and names nothing outside', async () => {
    const html = await fetch(`${console.url}/`);
    const page = await html.text();
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\/|<script(?![^>]* src=)|<style|\son\w+=|\sstyle=/);
    const files = Array.from(page.matchAll(/(?:src|href)="([^"#]+)"/g), ([, path = '']) => path);
    // Relative: a console may be at an address with a path.
    expect(new Set(files)).toEqual(new Set(['icon.svg', 'style.css', 'page.js']));
    const types = { 'icon.svg': 'image/svg+xml', 'style.css': 'text/css', 'page.js': 'text/javascript' };
    for (const [path, type] of Object.entries(types)) {
      const file = await fetch(`${console.url}/${path}`);
      expect(file.status).toBe(200);
      expect(file.headers.get('content-type')).toContain(type);
      expect((await file.text()).length).toBeGreaterThan(100);
    }
  });

  it('may run its own script and ask its own server, and nothing else', async () => {
    const { headers } = await fetch(`${console.url}/`);
    const policy = (headers.get('content-security-policy') ?? '').split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]),
    );
    expect(policy.join(' ')).not.toMatch(/unsafe|\*|https?:/);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });
});
