/** The data plane of the pipeline in memory. */
import { gunzipSync } from 'node:zlib';
import type { ModeName } from '../../../contract/modes.ts';
import { CommandFailure } from '../../../cli/failure.ts';
import type { Answer, HttpRequest } from '../../../cli/verify/world.ts';
import type { Plant } from './plant.ts';

/** The canary's. */
export const KEY = 'canary-key';

export interface Behind {
  readonly plant: Plant | undefined;
  /** The canary's. */
  readonly mode: ModeName;
  readonly isRemoved: boolean;
  readonly take: (events: readonly object[]) => void;
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'Authorization,Content-Type',
};

export const answerOf = (
  { method, path, headers = {}, body }: HttpRequest,
  { plant, mode, isRemoved, take }: Behind,
): Answer => {
  const has = (one: Plant): boolean => plant === one;
  const reply = (status: number, text = 'ok', more = {}): Answer => ({ status, headers: more, body: text });
  if (path === '/health') return reply(has('health is broken') ? 503 : 200, '{"acceptingEvents":"TRUE"}');
  if (path === '/version') return reply(200, '{"Version":"1.0.0"}');
  if (method === 'OPTIONS') return has('no CORS') ? reply(204) : reply(204, '', CORS);
  const query = new URL(path, 'https://x').searchParams;
  const [given] = Buffer.from((headers['authorization'] ?? '').slice(6), 'base64')
    .toString()
    .split(':');
  if ((query.get('writeKey') ?? given) !== KEY)
    return reply(has('unknown keys are taken') && given !== 'another' ? 200 : 401);
  if (method === 'GET') {
    const event = { messageId: query.get('messageId'), userId: query.get('userId') };
    if (!has('pixels are lost')) take([event]);
    return reply(200);
  }
  if (has('a large body has no answer') && (body?.length ?? 0) > 10_000_000)
    throw new CommandFailure('write EPIPE');
  if (body !== undefined && body.length > 4_096_000)
    return reply(has('a large body is a 502') && body.length > 10_000_000 ? 502 : 413);
  const isZipped = headers['content-encoding'] === 'gzip';
  if (isZipped && has('gzip is not read')) return reply(400);
  const text = typeof body === 'string' ? body : gunzipSync(body ?? '').toString();
  if (mode === 'degraded' && has('ingest refuses while degraded')) return reply(503);
  if (isRemoved && has('a removal makes ingest refuse')) return reply(503);
  take((JSON.parse(text) as { batch: object[] }).batch);
  return reply(200);
};
