import type { Transform } from '../../lib/index.ts';

/** Alias events are not for the CRM, and e-mail addresses are not either. */
const withoutEmail: Transform = (event) => {
  if (event.type === 'alias') return null;
  delete event.traits?.email;
  delete event.context?.traits?.email;
  return event;
};

export default withoutEmail;
