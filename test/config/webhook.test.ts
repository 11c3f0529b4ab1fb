/** The keys of a webhook beyond its URL and headers: what is valid, and what a mistake is answered with. */
import { describe, expect, it } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

const withWebhook = (more: object) => ({
  ...minimal,
  destinations: [{ id: 'crm', type: 'webhook', url: 'https://example.com/hook', ...more }],
});
const mistakesOf = (more: object): readonly string[] =>
  mistakes(withWebhook(more)).map((line) => line.replace('sluice.config.ts: ', ''));
const resolved = (more: object) => validateConfig(withWebhook(more)).destinations[0];

describe('method', () => {
  it('is POST unless it is another', () => {
    expect(resolved({})).toMatchObject({ method: 'POST' });
    expect(resolved({ method: 'PATCH' })).toMatchObject({ method: 'PATCH' });
  });

  it.each(['GET', 'put', 'DELETE', 7])('%j is refused', (method) => {
    expect(mistakesOf({ method })).toEqual([
      `destinations[0].method: ${JSON.stringify(method)} is not a method; use "POST", "PUT" or "PATCH"`,
    ]);
  });
});

describe('url', () => {
  it.each([
    'https://example.com/users/{userId}/events',
    'https://example.com/{context.traits.plan-1}?user={userId}',
    'http://127.0.0.1:9000/{anonymousId}',
  ])('%s may have values of the event in its path', (url) => {
    expect(resolved({ url })).toMatchObject({ url });
  });

  it.each([
    [
      'https://{userId}.example.com/',
      'has a place for a value in its host; an event must not choose where it is sent',
    ],
    ['https://example.com{userId}/', 'in its host'],
    ['https://example.com\\{userId}/', 'in its host'],
    [
      'https://example.com/{user id}',
      '"{user id}" is not a path of an event; use for example {userId} or {context.traits.plan}',
    ],
    ['https://example.com/{}', '"{}" is not a path of an event'],
    ['https://example.com/{a..b}', '"{a..b}" is not a path of an event'],
    [
      'https://example.com/{userId',
      'has a brace without its counterpart; write %7B for a brace that is none',
    ],
    ['https://example.com/userId}', 'has a brace without its counterpart'],
    ['https://example.com/{{userId}}', 'has a brace without its counterpart'],
    ['https://example.com/#{userId}', 'has a place for a value behind "#", which is not sent'],
  ])('%s is refused', (url, line) => {
    const found = mistakesOf({ url });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch('destinations[0].url: ');
    expect(found[0]).toContain(line);
  });
});

const OAUTH = {
  type: 'oauth2',
  tokenUrl: 'https://login.example.com/token',
  clientId: 'sluice',
  clientSecret: { secretName: 'crm/client' },
};

describe('auth', () => {
  it('is sent in the header of a request for a token, unless it is to be in its body', () => {
    expect(resolved({ auth: OAUTH })).toMatchObject({ auth: { ...OAUTH, clientAuth: 'header' } });
    const whole = {
      ...OAUTH,
      clientAuth: 'body',
      scope: 'a b',
      audience: 'x',
      clientId: { secretName: 'crm/id' },
    };
    expect(resolved({ auth: whole })).toMatchObject({ auth: whole });
  });

  it.each<[object, string]>([
    [
      { type: 'basic' },
      'auth.type: "basic" is not a kind of auth; use "oauth2", or headers.authorization for a fixed value',
    ],
    [
      { tokenUrl: 'login' },
      'auth.tokenUrl: "login" is not an http(s) URL; use for example "https://login.example.com/oauth/token"',
    ],
    [
      { tokenUrl: 'https://me:pw@login.example.com/' },
      'auth.tokenUrl: has a user name or password in it; put them in clientId and clientSecret',
    ],
    [
      { tokenUrl: 'http://login.example.com/' },
      "auth.tokenUrl: would send the client's secret in clear text over the internet; use https",
    ],
    [
      { clientSecret: 's3cret' },
      'auth.clientSecret: is written out; store it in Secrets Manager, and write { secretName: "..." }',
    ],
    [{ clientSecret: undefined }, 'auth.clientSecret'],
    [{ clientId: '' }, "auth.clientId: is empty; expected the client's id"],
    [{ clientAuth: 'query' }, 'auth.clientAuth: "query" is not a choice; use "header" or "body"'],
    [{ scopes: 'a' }, 'auth.scopes: unknown key'],
  ])('%j is refused', (more, line) => {
    const found = mistakesOf({ auth: { ...OAUTH, ...more } });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`destinations[0].${line}`);
    expect(found[0]).not.toContain('s3cret');
  });

  it('leaves no room for an authorization header, and sends no token in clear text', () => {
    const headers = { Authorization: { secretName: 'crm/token' } };
    expect(mistakesOf({ auth: OAUTH, headers })).toEqual([
      'destinations[0].headers.Authorization: is set by auth; remove one of the two',
    ]);
    expect(mistakesOf({ auth: OAUTH, url: 'http://example.com/' })).toEqual([
      'destinations[0].url: would send the token of auth in clear text over the internet; use https',
    ]);
    expect(resolved({ auth: { ...OAUTH, tokenUrl: 'http://127.0.0.1:9100/token' } })).toBeDefined();
  });
});

describe('tls', () => {
  const tls = { certificate: { secretName: 'crm/cert' }, key: { secretName: 'crm/key' } };

  it('names the secrets of a certificate and of its key', () => {
    expect(resolved({ tls })).toMatchObject({ tls });
    expect(resolved({ tls, url: { secretName: 'crm/url' } })).toMatchObject({ tls });
  });

  it.each<[object, string]>([
    [{ tls: { certificate: tls.certificate } }, 'tls.key: is missing'],
    [
      { tls: { ...tls, key: '-----BEGIN PRIVATE KEY-----' } },
      'tls.key: is written out; store it in Secrets Manager',
    ],
    [{ tls: { ...tls, ca: 'x' } }, 'tls.ca: unknown key'],
    [{ tls, url: 'http://10.0.0.1/' }, 'tls: needs an https url; http has no certificates'],
  ])('%j is refused', (more, line) => {
    const found = mistakesOf(more);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`destinations[0].${line}`);
    expect(found[0]).not.toContain('BEGIN');
  });
});

describe('shareBatches', () => {
  it('needs a batch', () => {
    expect(resolved({ shareBatches: true, batch: 2 })).toMatchObject({ shareBatches: true });
    expect(resolved({})).toMatchObject({ shareBatches: false });
    expect(mistakesOf({ shareBatches: true })).toEqual([
      'destinations[0].shareBatches: needs a batch of more than 1 event; set batch, or remove it',
    ]);
    expect(mistakesOf({ shareBatches: 'yes' })).toEqual([
      'destinations[0].shareBatches: expected true or false',
    ]);
  });
});
