/** `pii` of a destination: which paths are valid, and what a mistake is answered with. */
import { expect, it } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

const [crm] = minimal.destinations;
const withPii = (pii: unknown) => ({ ...minimal, destinations: [{ ...crm, pii }] });
const secret = { secretName: 'pii/key' };

it('has lists of paths, and the secret of the hashes', () => {
  const valid = (pii: unknown) => validateConfig(withPii(pii)).destinations[0]?.pii;
  expect(valid({ hash: ['context.traits.email', 'userId'], drop: ['context.ip'], secret })).toEqual({
    hash: ['context.traits.email', 'userId'],
    drop: ['context.ip'],
    secret,
  });
  expect(valid({ drop: ['context.ip', 'context.ips'] })).toEqual({
    hash: [],
    drop: ['context.ip', 'context.ips'],
  });
});

it.each([
  [{}, 'pii: names no field; set hash or drop, or remove it'],
  [{ hash: ['email'] }, 'pii.secret: is missing; name the secret that is the key of the hashes'],
  [{ drop: ['email'], secret }, 'pii.secret: is used by hash alone; remove it'],
  [{ hash: 'email', secret }, 'pii.hash: expected a list of paths of fields'],
  [{ hash: ['traits..email'], secret }, 'pii.hash[0]: "traits..email" is not the path of a field'],
  [{ drop: ['traits', 'messageId'] }, 'pii.drop[1]: is the id by which retries know the event'],
  [{ hash: ['email'], drop: ['email'], secret }, 'pii: names "email" twice; remove one of them'],
  [
    { hash: ['traits.email'], drop: ['traits'], secret },
    'pii: names "traits.email", and "traits", which contains it; remove one of them',
  ],
  [{ drop: Array.from({ length: 101 }, (_, i) => `f${i}`) }, 'pii.drop: has more than 100 paths'],
])('%j: %s', (pii, line) => {
  const found = mistakes(withPii(pii));
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(`sluice.config.ts: destinations[0].${line}`);
});
