/** CHANGELOG.md is in the format of the tool that makes a release of it: it loses nothing when that writes it again. */
import { describe, expect, it } from '@jest/globals';
import { parser, type Changelog } from 'keep-a-changelog';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../local/common/settings.ts';

const text = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');

const words = (of: string): readonly string[] => of.split(/\s+/).filter((word) => word !== '');

/** As it is written again. */
const written = (changelog: Changelog): string => {
  changelog.format = 'markdownlint';
  changelog.bulletStyle = '-';
  return changelog.toString();
};

describe('CHANGELOG.md', () => {
  it('is read, and written again without a word more or less', () => {
    const before = words(text);
    const after = words(written(parser(text)));
    const first = before.findIndex((word, i) => word !== after[i]);
    // The place, since the texts are long.
    expect(after.slice(first, first + 10)).toEqual(before.slice(first, first + 10));
    expect(after).toHaveLength(before.length);
  });

  it('has what is not released yet first, and each release with its date', () => {
    const [unreleased, ...releases] = parser(text).releases;
    expect(unreleased?.version).toBeUndefined();
    for (const { version, date } of releases) expect([version, date]).not.toContain(undefined);
  });

  it('a line that begins with a dash is no part of the one before', () => {
    const broken = '# Changelog\n\n## Unreleased\n\n### Added\n\n- A run of `npm\n--times` is new.\n';
    expect(words(written(parser(broken)))).not.toEqual(words(broken));
  });
});
