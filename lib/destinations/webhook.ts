import type { ResolvedDestination } from '../../config/index.ts';
import type { KindParts } from './kind-parts.ts';

type Webhook = Extract<ResolvedDestination, { type: 'webhook' }>;

export const webhookParts = (destination: Webhook): KindParts => {
  // What the router judges by is left out: a change of it leaves this stage as it is.
  const {
    id,
    type,
    method,
    url,
    headers,
    auth,
    tls,
    sources,
    batch,
    shareBatches,
    maxConcurrency,
    signingSecret,
  } = destination;
  const { allowPrivateNetwork, enabled } = destination;
  return {
    settings: {
      id,
      type,
      method,
      url,
      headers,
      ...(auth && { auth }),
      ...(tls && { tls }),
      ...(sources && { sources }),
      batch,
      ...(shareBatches && { shareBatches }),
      maxConcurrency,
      ...(signingSecret && { signingSecret }),
      allowPrivateNetwork,
      enabled,
    },
    secrets: [
      url,
      ...Object.values(headers),
      signingSecret,
      auth?.clientId,
      auth?.clientSecret,
      tls?.certificate,
      tls?.key,
    ].flatMap((value) => (typeof value === 'object' ? [value.secretName] : [])),
    environment: {},
    grant: () => undefined,
  };
};
