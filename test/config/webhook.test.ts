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
