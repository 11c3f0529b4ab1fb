/** Which places for values of an event a URL may have: an event must not choose the host that it is sent to. */
import { EVENT_PATH, PLACE } from '../../contract/url-template.ts';

/** Before the path, as a URL is read: a backslash ends a host as well, and is not taken for that here, so that it is refused. */
const HOST = /^https?:\/\/[^/?#]*/i;

/** @param url that can be parsed @returns undefined: it is good */
export const mistakeInTemplate = (url: string): string | undefined => {
  if (!/[{}]/.test(url)) return undefined;
  const [host] = HOST.exec(url) ?? [url];
  if (/[{}]/.test(host))
    return 'has a place for a value in its host; an event must not choose where it is sent';
  if (/#.*[{}]/.test(url)) return 'has a place for a value behind "#", which is not sent';
  if (/[{}]/.test(url.replaceAll(PLACE, '')))
    return 'has a brace without its counterpart; write %7B for a brace that is none';
  const wrong = [...url.matchAll(PLACE)].find(([, path = '']) => !EVENT_PATH.test(path));
  return wrong === undefined
    ? undefined
    : `"${wrong[0]}" is not a path of an event; use for example {userId} or {context.traits.plan}`;
};
