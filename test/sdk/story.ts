/**
 * The same events for every SDK, so that their requests can be compared: a visitor looks around, logs in, and continues; then
 * several events at the same time, and one that is refused at first.
 */
export const STEPS = [
  'load',
  'anonymous',
  'identify',
  'known',
  'several at once',
  'refused once',
  'kept by another page',
] as const;
export type Step = (typeof STEPS)[number];

/** One call of an SDK, without the ids: a browser's SDK knows them, a server's gets them each time. */
export type Call =
  | { readonly type: 'track'; readonly message: { readonly event: string; readonly properties: Fields } }
  | {
      readonly type: 'page' | 'screen';
      readonly message: { readonly name: string; readonly properties: Fields };
    }
  | { readonly type: 'identify'; readonly message: { readonly traits: Fields } }
  | { readonly type: 'group'; readonly message: { readonly groupId: string; readonly traits: Fields } }
  | { readonly type: 'alias'; readonly message: { readonly previousId: string } };
type Fields = Record<string, string | number>;

export const WRITE_KEY = 'local-write-key';
/** Not only ASCII: code that counts bytes must not count characters. */
export const USER_ID = 'zoë-🙂';
export const ANONYMOUS_ID = '5f0c6a5e-0d0b-4f0e-9a53-2f6d1c7b8e11';

const track = (event: string, properties: Fields = {}): Call => ({
  type: 'track',
  message: { event, properties },
});

export const CALLS: Readonly<Record<Exclude<Step, 'load'>, readonly Call[]>> = {
  anonymous: [
    track('Product Viewed', { sku: 'G-32' }),
    { type: 'page', message: { name: 'Home', properties: {} } },
  ],
  identify: [{ type: 'identify', message: { traits: { name: 'Zoë 🙂', plan: 'free' } } }],
  known: [
    track('Order Completed', { total: 27.5, currency: 'EUR' }),
    { type: 'group', message: { groupId: 'group-1', traits: { name: 'Initech' } } },
    { type: 'alias', message: { previousId: 'visitor-1' } },
    { type: 'screen', message: { name: 'Account', properties: {} } },
  ],
  'several at once': [1, 2, 3].map((n) => track(`Step ${n}`)),
  'refused once': [track('Retried')],
  'kept by another page': [track('Kept')],
};

/** Identifies an event by its type and subject, the same way in the story and in a request. */
export const titleOf = (event: Readonly<Record<string, unknown>>): string => {
  const { type, event: name, name: page, groupId, previousId } = event;
  // The mobile SDKs name a screen's event after the screen, and an identify's after its type.
  const names = type === 'identify' ? [] : [name, page, groupId, previousId];
  const about = names.find((one) => typeof one === 'string' && one !== '');
  return about === undefined ? String(type) : `${String(type)}: ${about as string}`;
};
