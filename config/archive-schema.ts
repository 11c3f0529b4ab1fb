/** `archive`: keeps every event in a bucket, from which `npx sluice replay` sends them again. */
import * as v from 'valibot';
import { ARCHIVE } from '../contract/archive.ts';
import type { ResolvedConfig } from './schema.ts';
import { count, got } from './values.ts';

const PREFIX = /^[A-Za-z0-9!_.*'()=-]+(?:\/[A-Za-z0-9!_.*'()=-]+)*\/$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const archive = v.strictObject({
  /** Files are deleted when they are this many days old. Default: they are kept. */
  days: v.optional(count(1, 36_500)),
  /** Where the files' names begin. Default: `events/`. */
  prefix: v.optional(
    v.pipe(
      v.string('expected a prefix such as "events/"'),
      v.regex(
        PREFIX,
        got('is not a prefix; use letters, digits and -_.=, and a slash at the end: "events/"'),
      ),
      v.maxLength(200, 'is too long; use at most 200 characters'),
    ),
    'events/',
  ),
  /** The name of a bucket of yours. Its lifecycle is yours: `days` is then not allowed. Default: one is made. */
  bucket: v.optional(
    v.pipe(
      v.string("expected a bucket's name"),
      v.regex(BUCKET, got('is not the name of a bucket; use the name alone, not its ARN')),
    ),
  ),
});

export const checkArchive = ({ archive: settings, destinations }: ResolvedConfig): string[] => {
  if (settings === undefined) return [];
  const { bucket, days } = settings;
  return [
    ...(bucket !== undefined && days !== undefined
      ? [
          'archive.days: belongs to the bucket that is made; set the lifecycle of your own bucket, or remove archive.bucket',
        ]
      : []),
    ...destinations.flatMap(({ id }, i) =>
      id === ARCHIVE
        ? [`destinations[${i}].id: "${ARCHIVE}" is the archive's own; use another id, or remove archive`]
        : [],
    ),
  ];
};
