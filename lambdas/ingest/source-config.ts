/**
 * What SDKs ask RudderStack's control plane before they send. It is made of what came with the deployment, so that an SDK can
 * begin whenever this function runs: the browser's asks once a page, and sends nothing when it gets no answer.
 */
import { json, refuse, type Answer } from './response.ts';
import { authenticate, presentedKey, type SourceOf } from './write-key.ts';
import type { IngestRequest } from './request.ts';
import type { KeyPlaces } from './routes.ts';

/**
 * A browser may take its last answer for five minutes, and for a day while it fetches a new one: a page that is loaded while
 * nothing can be reached begins anyway, as long as the browser remembers its preflight, too. A source that is
 * switched off is therefore noticed late, while its events are refused immediately.
 */
const CACHE = 'private, max-age=300, stale-while-revalidate=86400';

/**
 * The fields that the SDKs look for: some will not begin without one of them. Destinations are ours alone: none of them
 * runs on a device. No statistics, because there is nowhere to send them to.
 */
const configOf = (key: string, id: string, enabled: boolean) => ({
  source: {
    id,
    name: id,
    writeKey: key,
    enabled,
    workspaceId: 'sluice',
    // It says when the source was last changed, and is compared with nothing.
    updatedAt: '2026-01-01T00:00:00.000Z',
    config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } },
    destinations: [],
  },
});

/** Never 400, which the mobile SDKs take for a wrong key and delete what they have stored; RudderStack answers it so. */
export const sourceConfig = (request: IngestRequest, keyIn: KeyPlaces, sourceOf: SourceOf): Answer => {
  const authenticated = authenticate(presentedKey(request, keyIn), keyIn, sourceOf);
  if (!authenticated.ok) return refuse(authenticated.refusal);
  const { key, source } = authenticated;
  return json(configOf(key, source.id, source.enabled), CACHE);
};
