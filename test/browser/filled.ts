/** A page full of a text from outside, hostile or very long. */
import type { Page } from 'puppeteer-core';
import type { Scene } from './fake-run.ts';
import { crash, key, message, rejection, stage } from './scene-parts.ts';
import { degraded } from './scenes.ts';

/** Every value from outside is `text`. */
export const filledWith = (text: string): Scene => {
  const broken = {
    ...crash,
    error: text,
    stack: `${text}\n${text}`,
    codeVersion: text,
    messageId: text,
    eventId: text,
    key: text,
  };
  const lateCrashes = { count: 2, since: 1, last: { ...broken, kind: text as 'late' } };
  const failure = { text, at: 1, codeVersion: text };
  const event = { messageId: text, type: text };
  return {
    ...degraded(),
    stages: [
      stage('router', { ...degraded().stages[0], reason: text, lastCrash: broken, lateCrashes }),
      stage(text, {
        mode: 'degraded',
        reason: text,
        lastFailure: failure,
        lastRefusal: failure,
        lastRejection: failure,
        next: [{ text, at: 1 }],
        history: [{ epoch: 1, mode: 'degraded', at: 1, reason: text }],
      }),
    ],
    parked: [key(0, { key: text, stage: text, reason: text, crash: broken })],
    messages: [{ ...message(0), messageId: text, lastError: text, events: [event] }],
    rejected: [
      rejection(0, {
        id: text,
        stage: text,
        reason: text,
        sourceId: text,
        answer: { status: 400, body: text },
      }),
    ],
    alarms: [{ name: text, state: 'ALARM', since: 1, reason: text }],
    content: text,
  };
};

/** Opens all details. */
export const openAll = async (page: Page): Promise<void> => {
  await page.evaluate(() => {
    for (const opener of document.querySelectorAll<HTMLElement>('.opener, summary, #rejected-content')) {
      if (opener.parentElement?.hasAttribute('open') !== true) opener.click();
    }
  });
  await page.waitForSelector('.detail .event');
  await page.evaluate(() => document.querySelector<HTMLElement>('.detail button[aria-pressed]')?.click());
  await page.waitForSelector('.detail .events pre:not([hidden])');
};
