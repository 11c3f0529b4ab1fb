/** Who may ask the console: programs of this machine and the console's own page, and no other page of its browser. */
import type { IncomingHttpHeaders } from 'node:http';
import { isOwnHost } from '../common/access.ts';

/** Why a request is refused; undefined: it is not. */
export const refusal = (headers: IncomingHttpHeaders): string | undefined => {
  const { host = '', origin } = headers;
  // A page of another site can come by a request of its own (Origin), or under a name of its own that resolves to this
  // address (Host). Browsers also say where a request comes from when there is no Origin: on a plain GET.
  const ownOrigin = origin === undefined || origin === `http://${host}`;
  return isOwnHost(host) && ownOrigin && !isForeign(headers)
    ? undefined
    : 'only for programs on this machine';
};

const isForeign = (headers: IncomingHttpHeaders): boolean => {
  const site = headers['sec-fetch-site'];
  // A link to the page is welcome wherever it stands: it shows the page to the person, and nothing to the other site.
  if (headers['sec-fetch-mode'] === 'navigate') return false;
  return site === 'cross-site' || site === 'same-site';
};
