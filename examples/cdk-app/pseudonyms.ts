import { createHmac } from 'node:crypto';
import type { Transform } from '../../lib/index.ts';

/** The warehouse gets a pseudonym in place of each e-mail address, and the name of the source. */
const pseudonyms: Transform = (event, { source, secrets, log }) => {
  const key = secrets['EMAIL_KEY'];
  // The configuration names the secret. If that is ever removed, events are parked rather than sent without a pseudonym.
  if (key === undefined) throw new Error('the secret EMAIL_KEY is missing');
  const { traits } = event;
  if (typeof traits?.email === 'string') {
    traits.email = createHmac('sha256', key).update(traits.email.toLowerCase()).digest('hex');
    // As one structured line of the function's log, with the event's messageId.
    if (process.env['VERBOSE'] === 'true') log('replaced an e-mail address', { source });
  }
  return { ...event, source };
};

export default pseudonyms;
