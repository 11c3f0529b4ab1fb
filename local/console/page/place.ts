/** Where the pipeline runs that is shown, and what the page leaves out there. */
import { EXTRAS, LOCAL_PLACE, type ConsoleAbout, type Extra } from '../contract.ts';
import { byId, setAttributes, showText } from './dom.ts';

let known: ConsoleAbout = { ...LOCAL_PLACE, has: EXTRAS };

/** Until it is known, that of the local run. */
export const place = (): ConsoleAbout => known;

export const has = (extra: Extra): boolean => known.has.includes(extra);

/** Marks the page: the style hides what commands there are in a console that only shows. */
export const showPlace = (about: ConsoleAbout): void => {
  known = about;
  const { stack, operates } = about;
  setAttributes(document.documentElement, { 'data-read-only': !operates });
  showText(byId('place'), stack === undefined ? '' : `Stack ${stack}${operates ? '' : ' · shows only'}`);
  for (const node of document.querySelectorAll<HTMLElement>('[data-needs]'))
    node.hidden = !has(node.dataset['needs'] as Extra);
};

/** What answers the page's calls. */
export const server = (): string => (known.stack === undefined ? 'the local run' : 'the console');
