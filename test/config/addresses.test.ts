/** Whether addresses of clients are kept: in events, and in the access log. */
import { expect, it } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

const source = { id: 'web', writeKey: 'key' };

it('addresses are whole, unless a source says that they are not', () => {
  expect(validateConfig(minimal).sources[0]).not.toHaveProperty('anonymizeIp');
  const off = { ...minimal, sources: [{ ...source, anonymizeIp: false }] };
  expect(validateConfig(off).sources[0]).not.toHaveProperty('anonymizeIp');
  const on = { ...minimal, sources: [{ ...source, anonymizeIp: true }] };
  expect(validateConfig(on).sources[0]).toHaveProperty('anonymizeIp', true);
});

it('the access log has them, unless it is told not to', () => {
  expect(validateConfig(minimal).ingest.accessLog).toEqual({ ip: 'full' });
  const off = { ...minimal, ingest: { accessLog: { ip: 'none' } } };
  expect(validateConfig(off).ingest.accessLog).toEqual({ ip: 'none' });
});

it.each<[object, string]>([
  [{ sources: [{ ...source, anonymizeIp: 'yes' }] }, 'sources[0].anonymizeIp: expected true or false'],
  [
    { sources: [{ ...source, anonymiseIp: true }] },
    'sources[0].anonymiseIp: unknown key; check its spelling, or remove it',
  ],
  [
    { ingest: { accessLog: { ip: 'cut' } } },
    'ingest.accessLog.ip: "cut" is not a choice; use "full" or "none"',
  ],
  [{ ingest: { accessLog: 'none' } }, 'ingest.accessLog: expected an object'],
])('%j names the key and the fix', (wrong, message) => {
  expect(mistakes({ ...minimal, ...wrong })).toEqual([`sluice.config.ts: ${message}`]);
});
