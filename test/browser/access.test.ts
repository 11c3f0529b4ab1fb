import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'puppeteer-core';
import { until } from '../support/until.ts';
import { openPage, startChromium, untilText } from './chromium.ts';

import { FakeRun, type Scene } from './fake-run.ts';
import { degraded, held, normal, recovering, stage } from './scenes.ts';

let browser: Browser;
let run: FakeRun;
let page: Page;

beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());
afterEach(async () => {
  await page.close();
  await run.stop();
});

const open = async (scene: Scene): Promise<void> => {
  run = new FakeRun(scene);
  await run.start();
  ({ page } = await openPage(browser));
  await page.goto(run.url);
  await untilText(page, '#connection', 'Live');
};

describe('without a mouse', () => {
  const focused = () =>
    page.evaluate(() => document.activeElement?.textContent.replaceAll(/\s+/g, ' ').trim() ?? '');
  const tabTo = async (name: string): Promise<void> => {
    for (let presses = 0; presses < 120; presses += 1) {
      await page.keyboard.press('Tab');
      if ((await focused()) === name) return;
    }
    throw new Error(`the Tab key never comes to "${name}"`);
  };

  it('everything can be reached, seen and done', async () => {
    await open(degraded());
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo('Hold crm');
    await page.keyboard.press('Enter');
    await page.keyboard.type('by keyboard');
    await tabTo('Hold crm');
    await page.keyboard.press('Enter');
    await untilText(page, '#notices', 'crm is held.');
    expect(run.commands).toEqual([{ command: 'hold', stage: 'crm', reason: 'by keyboard' }]);
    // The button that opened the dialog has gone: the one that took its place has the focus.
    await until('Resume to have the focus', async () => /^Resume crm$|^Stages$/.test(await focused()));

    await tabTo(`${degraded().parked[0]?.key ?? ''} messages`);
    await page.keyboard.press('Enter');
    await untilText(page, '.detail:not([hidden])', 'order-completed-0');
    await tabTo('Discard … event order-completed-0');
    await page.keyboard.press('Enter');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await tabTo('Discard it');
    await page.keyboard.press('Enter');
    await untilText(page, '#notices', 'Discarded order-completed-0');
    expect(run.commands).toHaveLength(2);
    // The row with the button is gone; the focus is still in its section, not at the top of the page.
    await until('the focus to be in the section', () =>
      page.evaluate(() => document.activeElement?.closest('#parked') !== null),
    );
  });

  it('the focus can be seen at every stop', async () => {
    await open(degraded());
    const unseen: string[] = [];
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press('Tab');
      const { style, name } = await page.evaluate(() => {
        const active = document.activeElement ?? document.body;
        return { style: getComputedStyle(active).outlineStyle, name: active.textContent };
      });
      if (name !== (await page.evaluate(() => document.body.textContent)) && style === 'none')
        unseen.push(name);
    }
    expect(unseen).toEqual([]);
  });

  it('a row that moves keeps the focus', async () => {
    await open(degraded());
    const [first, ...rest] = run.scene.parked;
    if (first === undefined) throw new Error('nothing is parked');
    const name = `${first.key} messages`;
    await page.focus('.opener');
    expect(await focused()).toBe(name);
    run.scene.parked = [...rest, first];
    run.scene.stages = run.scene.stages.map((one) => ({ ...one, parkedKeys: one.parkedKeys + 1 }));
    await until('the row to move', () =>
      page.evaluate((key) => document.querySelector('.opener')?.textContent !== key, name),
    );
    expect(await focused()).toBe(name);
  });
});

describe('for a screen reader', () => {
  it('has headings, captions, scopes and names, and announces the mode once', async () => {
    await open(degraded());
    const outline = await page.$$eval('h1, h2, h3', (found) => found.map(({ tagName }) => tagName).join(' '));
    expect(outline).toMatch(/^H1 (H2( H3)* ?)+$/);
    expect(
      await page.$$('table:not(:has(caption)), th:not([scope]), section:not([aria-labelledby])'),
    ).toEqual([]);
    const nameless = await page.$$eval(
      'button, a, canvas',
      (found) =>
        found.filter((one) => one.textContent.trim() === '' && one.closest('[role=img]') === null).length,
    );
    expect(nameless).toBe(0);
    const ids = await page.$$eval('[id]', (found) => found.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    const names = await page.$$eval('button:not([hidden])', (found) => found.map((one) => one.textContent));
    expect(new Set(names).size).toBe(names.length);

    await page.evaluate(() => {
      const said: string[] = [];
      Object.assign(window, { said });
      const sentence = document.querySelector('[role=status].sentence');
      if (sentence !== null) {
        new MutationObserver(() => said.push(sentence.textContent)).observe(sentence, { childList: true });
      }
    });
    run.scene = recovering();
    await untilText(page, '#mode-sentence', 'Recovering');
    // Longer than a turn: the same mode, read again, is not said again.
    await new Promise((done) => setTimeout(done, 2500));
    expect(await page.evaluate(() => (window as unknown as { said: string[] }).said)).toEqual([
      'Recovering: events are being forwarded again, a few at a time.',
    ]);
  });

  it('each mode has a shape of its own besides its colour', async () => {
    const shapes = new Set<string>();
    await open(normal());
    for (const scene of [normal(), degraded(), recovering(), held()]) {
      run.scene = scene;
      const sentence = { degraded: 'Degraded', recovering: 'Recovering', normal: 'Normal' };
      const [router = stage('router')] = scene.stages;
      await untilText(page, '#mode-sentence', router.held ? 'Held' : sentence[router.mode]);
      shapes.add(await page.$eval('#mode-icon path', (path) => path.getAttribute('d') ?? ''));
    }
    expect(shapes.size).toBe(4);
  });
});
