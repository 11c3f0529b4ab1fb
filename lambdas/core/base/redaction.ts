/**
 * Takes secrets out of texts. A destination may echo the request that it refuses, and user code may print or throw what it was given.
 *
 * What is recognized of a secret is its value, with and without the scheme before it ("Bearer"), and what a program makes of it when it
 * quotes it: JSON, HTML, percent-encoding, base64. Other encodings are not recognized, and neither is a part of a value.
 */

export type Redact = (text: string) => string;

/** What stands in the place of a secret. */
export const REDACTED = '[redacted]';

export const NOTHING_TO_REDACT: Redact = (text) => text;

/** Characters from which on every occurrence is a secret's, whatever stands next to it. */
const LONG = 8;
/**
 * From here on it is recognized as a word of its own; what is shorter would take numbers and words out of every text. With its scheme
 * it is long enough.
 */
const SHORT = 4;

/** A scheme of HTTP's `Authorization`, and what follows it. Source: RFC 9110, 11.4. */
const WITH_SCHEME = /^([A-Za-z][A-Za-z0-9-]*)\s+(\S.*)$/s;
const BASIC = /^basic\s+([A-Za-z0-9+/=_-]+)$/i;

/** Values in a secret's value: of JSON, as Secrets Manager's console stores pairs; of a URL; of several keys; of a scheme. */
const valuesIn = (secret: string): readonly string[] => {
  const whole = secret.trim();
  const scheme = WITH_SCHEME.exec(whole);
  const basic = BASIC.exec(whole);
  return [
    whole,
    ...(scheme?.[2] === undefined ? [] : [scheme[2]]),
    ...(basic?.[1] === undefined ? [] : userInfo(Buffer.from(basic[1], 'base64').toString('utf8'))),
    // Keys for rotation stand next to each other, a key in PEM has lines. A short part is a word of a sentence, or the scheme.
    ...whole.split(/\s+/).filter(({ length }) => length >= LONG),
    ...(whole.startsWith('whsec_') ? whole.split(/\s+/).map((key) => key.replace(/^whsec_/, '')) : []),
    ...inJson(whole),
    ...inUrl(whole),
  ];
};

const userInfo = (text: string): readonly string[] => {
  const [, ...password] = text.split(':');
  return [text, ...(password.length === 0 ? [] : [password.join(':')])];
};

const inJson = (text: string): readonly string[] => {
  if (!/^[[{]/.test(text)) return [];
  try {
    return leaves(JSON.parse(text));
  } catch {
    // It only looks like JSON: its whole is the secret.
    return [];
  }
};

const leaves = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [];
};

/** A URL's host is no secret: errors of the network name it. */
const inUrl = (text: string): readonly string[] => {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return [];
  const { href, pathname, search, searchParams, username, password } = new URL(text);
  const isKey = (part: string) => part.length >= LONG && /\d/.test(part);
  return [
    href,
    ...(username === '' ? [] : userInfo(`${decoded(username)}:${decoded(password)}`)),
    ...(pathname.length < LONG ? [] : [`${pathname}${search}`, pathname]),
    ...(search.length < LONG ? [] : [search.slice(1)]),
    ...[...pathname.split('/'), ...searchParams.values()].filter(isKey),
  ];
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing stands for itself.
    return text;
  }
};

const inHtml = (text: string, quote: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", quote);

const inPercent = (text: string): string => {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half of a surrogate pair has no code.
    return text;
  }
};

const formsOf = (value: string): readonly string[] => {
  const json = JSON.stringify(value).slice(1, -1);
  const percent = inPercent(value);
  const base64 = Buffer.from(value).toString('base64');
  return [
    value,
    json,
    json.replaceAll('/', '\\/'),
    inHtml(value, '&#39;'),
    inHtml(value, '&#x27;'),
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams({ '': value }).toString().slice(1),
    base64,
    base64.replace(/=+$/, ''),
    base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
  ];
};

/** From and to, in characters. */
type Place = readonly [number, number];

const isWordAt = (text: string, at: number): boolean => /[\p{L}\p{N}]/u.test(text.charAt(at));

const placesOf = (form: string, text: string): readonly Place[] => {
  const places: Place[] = [];
  for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
    const end = at + form.length;
    const isPart = isWordAt(text, at - 1) || isWordAt(text, end);
    if (form.length >= LONG || !isPart) places.push([at, end]);
  }
  // A text may have been cut in the middle of it.
  const most = Math.min(form.length - 1, text.length);
  for (let length = most; length >= LONG; length -= 1) {
    if (!text.endsWith(form.slice(0, length))) continue;
    places.push([text.length - length, text.length]);
    break;
  }
  return places;
};

/**
 * @param secrets values as Secrets Manager has them, and others that are as secret. One of less than 4 characters is recognized with its
 *   scheme alone, one of less than 8 as a word of its own.
 */
export const redactor = (secrets: Iterable<string>): Redact => {
  const values = [...secrets].flatMap(valuesIn).filter(({ length }) => length >= SHORT);
  const forms = [...new Set(values.flatMap(formsOf))];
  if (forms.length === 0) return NOTHING_TO_REDACT;
  return (text) => {
    const places = forms.flatMap((form) => placesOf(form, text)).sort(([a], [b]) => a - b);
    if (places.length === 0) return text;
    let redacted = '';
    let end = 0;
    for (const [from, to] of places) {
      // What overlaps is one piece: nothing is left of either.
      if (from > end || redacted === '') redacted += `${text.slice(end, from)}${REDACTED}`;
      end = Math.max(end, to);
    }
    return `${redacted}${text.slice(end)}`;
  };
};

/** Plain data with every text in it redacted; names of fields stay. */
export const redactAll = (value: unknown, redact: Redact): unknown => {
  if (redact === NOTHING_TO_REDACT) return value;
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item: unknown) => redactAll(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redactAll(item, redact)]));
};
