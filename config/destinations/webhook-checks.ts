/** What of a webhook needs more than one key. */
import { networkOf } from '../networks.ts';
import type { WebhookSettings } from '../../contract/settings.ts';

type Checked = Pick<WebhookSettings, 'url' | 'headers' | 'auth' | 'tls' | 'batch' | 'shareBatches'>;

const isOpen = (url: Checked['url']): boolean =>
  typeof url === 'string' && url.startsWith('http:') && networkOf(url) === 'public';

const checkAuth = ({ url, headers, auth }: Checked): readonly string[] => {
  if (auth === undefined) return [];
  const taken = Object.keys(headers).filter((name) => name.toLowerCase() === 'authorization');
  return [
    ...taken.map((name) => `headers.${name}: is set by auth; remove one of the two`),
    ...(isOpen(url) ? ['url: would send the token of auth in clear text over the internet; use https'] : []),
    ...(isOpen(auth.tokenUrl)
      ? ["auth.tokenUrl: would send the client's secret in clear text over the internet; use https"]
      : []),
  ];
};

/** @returns lines without the destination's path */
export const checkWebhook = (one: Checked): readonly string[] => {
  const { url, tls, batch, shareBatches = false } = one;
  const isPlain = tls !== undefined && typeof url === 'string' && !/^https:/i.test(url);
  return [
    ...checkAuth(one),
    ...(isPlain ? ['tls: needs an https url; http has no certificates'] : []),
    ...(shareBatches && batch === 1
      ? ['shareBatches: needs a batch of more than 1 event; set batch, or remove it']
      : []),
  ];
};
