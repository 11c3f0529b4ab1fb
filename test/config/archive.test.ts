/** `archive`: its keys, and the stage that it adds. */
import { describe, expect, it } from '@jest/globals';
import { withArchive } from '../../lib/archive.ts';
import { validateConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

describe('an archive', () => {
  it('is off by default, and then nothing changes', () => {
    const off = validateConfig(minimal);
    expect(off.archive).toBeUndefined();
    expect(withArchive(off)).toBe(off);
  });

  it('keeps files for good below `events/` by default', () => {
    const config = validateConfig({ ...minimal, archive: {} });
    expect(config.archive).toEqual({ prefix: 'events/' });
    expect(withArchive(config).destinations.at(-1)).toMatchObject({
      id: 'archive',
      type: 'archive',
      enabled: true,
    });
  });

  it.each([
    [{ days: 0 }, 'archive.days: 0 is too small; use 1 to 36500'],
    [
      { prefix: 'events' },
      'archive.prefix: "events" is not a prefix; use letters, digits and -_.=, and a slash at the end: "events/"',
    ],
    [
      { prefix: '/events/' },
      'archive.prefix: "/events/" is not a prefix; use letters, digits and -_.=, and a slash at the end: "events/"',
    ],
    [
      { bucket: 'arn:aws:s3:::b' },
      'archive.bucket: "arn:aws:s3:::b" is not the name of a bucket; use the name alone, not its ARN',
    ],
    [
      { bucket: 'my-events', days: 30 },
      'archive.days: belongs to the bucket that is made; set the lifecycle of your own bucket, or remove archive.bucket',
    ],
    [{ size: 1 }, 'archive.size: unknown key; check its spelling, or remove it'],
  ])('%j says what is wrong', (archive, line) => {
    expect(mistakes({ ...minimal, archive })).toEqual([`sluice.config.ts: ${line}`]);
  });

  it('shares its id with no destination', () => {
    const clash = { ...minimal, destinations: [{ ...minimal.destinations[0], id: 'archive' }] };
    expect(mistakes({ ...clash, archive: {} })).toEqual([
      'sluice.config.ts: destinations[0].id: "archive" is the archive\'s own; use another id, or remove archive',
    ]);
    expect(() => validateConfig(clash)).not.toThrow();
  });
});
