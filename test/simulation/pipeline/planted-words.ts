/** Planted bugs: in how a process handles the last words of the one before it. */
import { DEAD_REQUESTS_ARRIVE, RUNAWAY } from './stories.ts';
import type { StageLastWords } from '../../../lambdas/stage/last-words-file.ts';
import type { Heed } from './bug.ts';
import type { Planted } from './planted-stores.ts';

const withWords = (words: StageLastWords, methods: Partial<StageLastWords>): StageLastWords => ({
  take: () => words.take(),
  received: (messages, until) => {
    words.received(messages, until);
  },
  begun: (message, stamp, isCharged) => {
    words.begun(message, stamp, isCharged);
  },
  ended: (message) => {
    words.ended(message);
  },
  abandoned: () => {
    words.abandoned();
  },
  watching: (queue) => words.watching(queue),
  clear: () => {
    words.clear();
  },
  ...methods,
});

const chargingAll =
  (heed: Heed): Heed =>
  async (words, deps) => {
    const [first] = words.inHand;
    if (first === undefined) return heed(words, deps);
    for (const message of words.held)
      await heed(
        { ...words, held: [message], inHand: [{ ...first, id: message.id, isCharged: false }] },
        deps,
      );
  };

export const PLANTED_IN_WORDS: readonly Planted[] = [
  {
    name: 'last words give messages back while calls of the dead process may land',
    breaks: 'messages that the dead process had sent arrive after their successors: order is lost',
    plan: DEAD_REQUESTS_ARRIVE,
    bug: { heed: (heed) => (words, deps) => heed(words, { ...deps, landing: 0 }) },
  },
  {
    name: 'last words charge every message of the batch',
    breaks: 'other messages of the batch count as poison',
    bug: { heed: chargingAll },
  },
  {
    name: 'last words charge a message that was charged before its attempt',
    breaks: 'one death counts twice, and the ledger entry of the message is lost',
    bug: {
      heed: (heed) => (words, deps) => {
        const inHand = words.inHand.map((one) => ({ ...one, isCharged: false }));
        return heed({ ...words, inHand }, deps);
      },
    },
  },
  {
    name: 'last words are heeded after the visibility timeout',
    breaks: 'a message is charged that another function may have',
    bug: { heed: (heed) => (words, deps) => heed({ ...words, until: Infinity }, deps) },
  },
  {
    name: 'last words are kept when the function has answered',
    breaks: 'a later death gives back messages that the dead process did not have',
    bug: { lastWords: (words) => withWords(words, { clear: () => undefined }) },
  },
  {
    name: 'last words do not record that a thread does not end',
    breaks: 'an event that is in progress when that thread has filled the memory is charged for it',
    plan: RUNAWAY,
    bug: { lastWords: (words) => withWords(words, { abandoned: () => undefined }) },
  },
  {
    name: 'last words do not record what was given back',
    breaks: 'a deferred message is given back before its time',
    bug: { lastWords: (words) => withWords(words, { watching: (queue) => queue }) },
  },
];
