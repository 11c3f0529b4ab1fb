/**
 * A bucket of S3: the events of one user that are sent together are an object, a line each, compressed by gzip. The next object of the user
 * is put when the last was taken.
 *
 * Its key has the day and the time of its first event, the user, and a digest of what is in it and of where that stands in the pipeline. So the
 * same events in the same attempt are the same object, and another attempt with others of them never replaces what was taken before.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { PutObject } from '../../../aws/put-object.ts';
import { orFault } from '../../../aws/errors.ts';
import { AccessFault } from '../../../core/base/faults.ts';
import { toEventText } from '../../../core/event/envelope.ts';
import type { SluiceEvent } from '../../../core/event/event.ts';
import { DELIVERED, nameOfCause, verdictOf } from '../aws/verdicts.ts';
import type { Outgoing, Sender } from '../sender.ts';

export interface S3Deps {
  /** It does not try again. */
  readonly put: PutObject;
  readonly bucket: string;
  readonly prefix: string;
  /** Events of an object, at most. */
  readonly batch: number;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
}

/** What an operator has to change. S3 names many of them in ways of its own. */
const NO_ACCESS =
  /^(NoSuchBucket|AllAccessDisabled|AccountProblem|InvalidBucketName|InvalidBucketState|PermanentRedirect|AuthorizationHeaderMalformed|Status30[17])$/;

const compress = promisify(gzip);
const hash = (...texts: readonly string[]): string => {
  const whole = createHash('sha256');
  for (const text of texts) whole.update(`${text}\n`);
  return whole.digest('hex');
};

/** When it was received, as it says itself: the clock would say something else in the next attempt. */
const timeOf = ({ receivedAt }: SluiceEvent): string | undefined => {
  const at = typeof receivedAt === 'string' ? Date.parse(receivedAt) : NaN;
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
};

/** @param texts of the events */
export const keyOf = (prefix: string, events: readonly Outgoing[], texts: readonly string[]): string => {
  const [first] = events;
  const time = first === undefined ? undefined : timeOf(first.content);
  const day = time?.slice(0, 10) ?? 'none';
  const name = (time ?? 'none').replaceAll(/[-:.]/g, '');
  const user = hash(first?.key ?? '').slice(0, 16);
  const content = hash(...events.map(({ place }) => place), ...texts).slice(0, 24);
  return `${prefix}dt=${day}/${user}/${name}-${content}.json.gz`;
};

export const s3Sender = ({ put, bucket, prefix, batch, room }: S3Deps): Sender => ({
  batch,
  send: async (events, timeLeft) => {
    if (timeLeft() < room) return undefined;
    const texts = events.map(({ content }) => toEventText(content));
    const key = keyOf(prefix, events, texts);
    const body = await compress(texts.map((text) => `${text}\n`).join(''));
    try {
      await orFault(`PutObject of "${bucket}/${key}"`, put({ key, body, contentType: 'application/gzip' }));
      return { kind: 'each', verdicts: events.map(() => DELIVERED) };
    } catch (error) {
      if (NO_ACCESS.test(nameOfCause(error)))
        throw new AccessFault((error as Error).message, { cause: error });
      // It fails as a whole, and the first of the events waits for all.
      return { kind: 'each', verdicts: [verdictOf(error)] };
    }
  },
});
