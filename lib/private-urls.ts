/** URLs that lead to a network which destinations may not send to: they work in the local run alone, whose destinations are on this machine. */
import { networkOf, networksOf } from '../config/networks.ts';
import type { Warning } from '../config/warnings.ts';
import type { ResolvedConfig } from '../config/index.ts';

export const privateUrls = ({ destinations }: ResolvedConfig): readonly Warning[] =>
  destinations.flatMap((destination) => {
    if (destination.type !== 'webhook') return [];
    const { id, url, auth, allowPrivateNetwork } = destination;
    const allowed = networksOf(allowPrivateNetwork);
    // What a secret holds is not known here.
    const isPrivate = (one: typeof url | undefined): one is string => {
      const network = typeof one === 'string' ? networkOf(one) : 'public';
      return network !== 'public' && !allowed.some((other) => other === network);
    };
    const warningOf = (does: string): string =>
      `the destination ${id} ${does}, which works in the local run only; name a public address, or set allowPrivateNetwork`;
    return [
      ...(isPrivate(url) ? [{ id: `private-destination-${id}`, warning: warningOf(`sends to ${url}`) }] : []),
      ...(isPrivate(auth?.tokenUrl)
        ? [
            {
              id: `private-token-url-${id}`,
              warning: warningOf(`asks for tokens at ${auth.tokenUrl}`),
            },
          ]
        : []),
    ];
  });
