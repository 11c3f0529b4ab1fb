interface Event {
  readonly type: string;
  readonly context?: { readonly traits?: Record<string, unknown> };
}

/** Alias events are not for the CRM, and e-mail addresses are not either. */
export default function (event: Event): Event | null {
  if (event.type === 'alias') return null;
  const traits = { ...event.context?.traits };
  delete traits['email'];
  return { ...event, context: { ...event.context, traits } };
}
