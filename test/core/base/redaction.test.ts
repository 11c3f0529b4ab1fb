import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOTHING_TO_REDACT, redactAll, redactor } from '../../../lambdas/core/base/redaction.ts';

const TOKEN = 'tok-9f8e7d6c5b4a';

describe('a secret in a text', () => {
  it.each([
    ['as it is', `x ${TOKEN}.`],
    ['with its scheme', `x Bearer ${TOKEN}.`],
    ['in the middle of a word', `x ${TOKEN}${TOKEN}.`],
  ])('%s', (_, text) => {
    expect(redactor([`Bearer ${TOKEN}`])(text)).toBe('x [redacted].');
    expect(redactor([TOKEN])(text)).toMatch(/^x (Bearer )?(\[redacted\])+\.$/);
  });

  it.each([
    ['JSON', (secret: string) => JSON.stringify({ secret })],
    ['JSON of PHP', (secret: string) => JSON.stringify(secret).replaceAll('/', '\\/')],
    ['a URL', (secret: string) => `?key=${encodeURIComponent(secret)}`],
    [
      'a URL in lower case',
      (secret: string) => encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
    ],
    ['a form', (secret: string) => new URLSearchParams({ secret }).toString()],
    [
      'HTML',
      (secret: string) =>
        secret
          .replaceAll('&', '&amp;')
          .replaceAll('"', '&quot;')
          .replace('<', '&lt;')
          .replaceAll('>', '&gt;'),
    ],
    ['base64', (secret: string) => Buffer.from(secret).toString('base64')],
    ['base64url', (secret: string) => Buffer.from(secret).toString('base64url')],
  ])('as %s has it', (_, encode) => {
    const secret = 'a/b "c"&<d> ??>>~~';
    const left = redactor([secret])(encode(secret)).replace('[redacted]', '');
    expect(left).toMatch(/^("|\?key=|secret=|\{"secret":")?("|"\})?$/);
  });

  it('of Basic: the user and the password as well', () => {
    const redact = redactor([`Basic ${Buffer.from('api:s3cret-of-ours').toString('base64')}`]);
    expect(redact('user api:s3cret-of-ours, password s3cret-of-ours')).toBe(
      'user [redacted], password [redacted]',
    );
  });

  it('of JSON: each of its values', () => {
    const redact = redactor(['{"apiKey":"key-12345678","deep":{"pin":4711}}']);
    expect(redact('key-12345678 4711 apiKey')).toBe('[redacted] [redacted] apiKey');
  });

  it('of a URL: what identifies who knows it, and not the host', () => {
    const redact = redactor(['https://hooks.example.com/services/T0001234/XyZ12345?token=abc12345']);
    expect(redact('POST /services/T0001234/XyZ12345?token=abc12345')).toBe('POST [redacted]');
    expect(redact('XyZ12345 and abc12345')).toBe('[redacted] and [redacted]');
    expect(redact('getaddrinfo ENOTFOUND hooks.example.com')).toBe('getaddrinfo ENOTFOUND hooks.example.com');
  });

  it('of several keys: each, with and without its prefix', () => {
    const redact = redactor(['whsec_b2xkLWtleS0x whsec_bmV3LWtleS0y']);
    expect(redact('whsec_bmV3LWtleS0y b2xkLWtleS0x')).toBe('[redacted] [redacted]');
  });

  it('whose end was cut off', () => {
    expect(redactor([TOKEN])(`x ${TOKEN.slice(0, 9)}`)).toBe('x [redacted]');
  });

  it('overlapping another: nothing of either stays', () => {
    expect(redactor(['abcdefgh', 'efghijkl'])('-abcdefghijkl-')).toBe('-[redacted]-');
  });
});

describe('a short secret', () => {
  it('of 4 to 7 characters is a word of its own', () => {
    expect(redactor(['1234'])('pin 1234, at 12345, answered 500')).toBe(
      'pin [redacted], at 12345, answered 500',
    );
  });

  it('of less shreds no text, and is recognized with its scheme', () => {
    expect(redactor(['a', '', ' '])('a banana')).toBe('a banana');
    expect(redactor(['Bearer abc'])('sent Bearer abc to abc')).toBe('sent [redacted] to abc');
  });
});

it('no form of any secret is left in any text', () => {
  const secret = fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 }).map((text) => text.trim());
  const around = fc.string({ maxLength: 20 });
  fc.assert(
    fc.property(
      secret.filter(({ length }) => length >= 8),
      around,
      around,
      (value, before, after) => {
        const redact = redactor([value]);
        for (const form of [value, JSON.stringify(value).slice(1, -1), Buffer.from(value).toString('base64')])
          expect(redact(`${before}${form}${after}`).replaceAll('[redacted]', '')).not.toContain(form);
      },
    ),
  );
});

it('a text without a secret stays as it is', () => {
  const redact = redactor([TOKEN]);
  fc.assert(fc.property(fc.string(), (text) => redact(text) === text || text.includes(TOKEN.slice(0, 8))));
});

it('data: every text, and nothing else', () => {
  const redact = redactor([TOKEN]);
  const data = { [TOKEN]: [TOKEN, 1, null, { a: TOKEN }], b: true, c: undefined };
  expect(redactAll(data, redact)).toEqual({ [TOKEN]: ['[redacted]', 1, null, { a: '[redacted]' }], b: true });
  expect(redactAll(data, NOTHING_TO_REDACT)).toBe(data);
});
