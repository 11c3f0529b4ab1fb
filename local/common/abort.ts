import { setMaxListeners } from 'node:events';

/** An abort that many listen to at the same time, which Node would take for a leak. */
export const newAbort = (): AbortController => {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  return abort;
};
