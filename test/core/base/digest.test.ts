import { createHash, hash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { digest, digestBy } from '../../../lambdas/core/base/digest.ts';

test.each(['md5', 'sha256'] as const)(
  '%s is that of the text in UTF-8, whatever Node offers',
  (algorithm) => {
    for (const text of ['', 'ada', 'Zoë \uD83D\uDE00', '\uD800', 'x'.repeat(100_000)]) {
      for (const encoding of ['hex', 'base64url'] as const) {
        const expected = createHash(algorithm).update(text).digest(encoding);
        expect(digest(algorithm, text, encoding)).toBe(expected);
        expect(digestBy(hash)(algorithm, text, encoding)).toBe(expected);
        expect(digestBy(undefined)(algorithm, text, encoding)).toBe(expected);
      }
    }
  },
);
