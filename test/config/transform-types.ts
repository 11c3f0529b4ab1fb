/**
 * Transforms as users write them, and mistakes that the types detect. The compiler is the test: `npm run check` fails when a
 * transform does not compile, or a mistake does.
 */
import { createHmac } from 'node:crypto';
import type { SluiceEvent, Transform, TransformContext } from '../../config/index.ts';

/** Changes the event that it was given. */
export const mutating: Transform = (event) => {
  event.type = 'track';
  event['plan'] = 'free';
  event.properties ??= {};
  event.properties['price'] = 12.5;
  event.properties['items'] = [{ sku: 'G-32', tags: ['new', null] }];
  if (event.context?.traits) delete event.context.traits.email;
  if (event.integrations) event.integrations['crm'] = false;
  return event;
};

export const spreading: Transform = (event) => ({
  ...event,
  plan: 'free',
  context: { ...event.context, traits: { ...event.context?.traits, email: undefined } },
});

/** Values that the application chooses may be any JSON. */
export const careful: Transform = (event) => {
  const name = event.traits?.name ?? event.context?.traits?.firstName;
  const title = event.context?.page?.['title'];
  return {
    ...event,
    name: typeof name === 'string' ? name.trim() : 'unknown',
    title: typeof title === 'string' ? title : null,
  };
};

export const filtering: Transform = (event) => (event.type === 'alias' ? null : event);

/** The second event has no `messageId`; it gets one. */
export const splitting: Transform = (event) => [
  event,
  { type: 'track', event: 'Copy', userId: event.userId ?? null },
];

export const filteringByList: Transform = () => [];

export const asynchronous: Transform = async (event) => {
  const response = await fetch('https://example.com');
  return response.ok ? event : null;
};

/** Not async in every branch. */
export const sometimes: Transform = (event) => (event.type === 'page' ? Promise.resolve(event) : event);

export const informed: Transform = (event, { source, destination, receivedAt, secrets, log }) => {
  const key = secrets['EMAIL_KEY'] ?? '';
  const email = event.traits?.email;
  if (typeof email !== 'string') return event;
  log('an e-mail address is hidden', { source, destination, at: new Date(receivedAt) });
  return {
    ...event,
    traits: { ...event.traits, email: createHmac('sha256', key).update(email).digest('hex') },
  };
};

/** As a declaration, with the parameters' types. */
export default function transform(event: SluiceEvent, context: TransformContext): SluiceEvent | null {
  return context.source === 'web' ? event : null;
}
transform satisfies Transform;

export const trusting: Transform = (event) => {
  // @ts-expect-error: a value that an application chooses may be anything
  const name: string | undefined = event.traits?.name;
  return { ...event, name: name?.trim() };
};

// @ts-expect-error: an event without a return is not filtered out, it is a crash
export const forgetful: Transform = (event) => {
  if (event.type !== 'alias') return event;
};

// @ts-expect-error: a number is not an event
export const wrong: Transform = () => 3;

// @ts-expect-error: JSON has no functions
export const functional: Transform = (event) => ({ ...event, later: () => event });

export const meddling: Transform = (event, { secrets }) => {
  // @ts-expect-error: the secrets are read-only
  secrets['EMAIL_KEY'] = '';
  return event;
};
