import { describe, expect, it } from '@jest/globals';
import { until } from '../../tools/driver/until.ts';
import { untilText } from './chromium.ts';

import { ConsolePage } from './console-page.ts';
import { stage } from './scene-parts.ts';
import { degraded, held, normal, recovering } from './scenes.ts';

const shown = new ConsolePage();

describe('without a mouse', () => {
  const focused = () =>
    shown.page.evaluate(() => document.activeElement?.textContent.replaceAll(/\s+/g, ' ').trim() ?? '');
  const tabTo = async (name: string): Promise<void> => {
    for (let presses = 0; presses < 120; presses += 1) {
      await shown.page.keyboard.press('Tab');
      if ((await focused()) === name) return;
    }
    throw new Error(`the Tab key never reaches "${name}"`);
  };

  it('every control can be reached, seen and used', async () => {
    await shown.open(degraded());
    await shown.page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await shown.page.keyboard.press('Enter');
    await tabTo('Hold crm');
    await shown.page.keyboard.press('Enter');
    await shown.page.keyboard.type('by keyboard');
    await tabTo('Hold crm');
    await shown.page.keyboard.press('Enter');
    await untilText(shown.page, '#notices', 'crm is held.');
    expect(shown.run.commands).toEqual([{ command: 'hold', stage: 'crm', reason: 'by keyboard' }]);
    // The button that opened the dialog is gone: the one that replaced it has the focus.
    await until('Resume to have the focus', async () => /^Resume crm$|^Stages$/.test(await focused()));

    await tabTo(`${degraded().parked[0]?.key ?? ''} messages`);
    await shown.page.keyboard.press('Enter');
    await untilText(shown.page, '.detail:not([hidden])', 'order-completed-0');
    await tabTo('Discard … event order-completed-0');
    await shown.page.keyboard.press('Enter');
    await shown.page.keyboard.type('by keyboard');
    await shown.page.keyboard.press('Tab');
    await shown.page.keyboard.press('Space');
    await tabTo('Discard it');
    await shown.page.keyboard.press('Enter');
    await untilText(shown.page, '#notices', 'Discarded order-completed-0');
    expect(shown.run.commands).toHaveLength(2);
    // The row with the button is gone; the focus is still in its section, not at the top of the page.
    await until('the focus to be in the section', () =>
      shown.page.evaluate(() => document.activeElement?.closest('#parked') !== null),
    );
  });

  it('the focus is visible at every stop', async () => {
    await shown.open(degraded());
    const unseen: string[] = [];
    for (let presses = 0; presses < 40; presses += 1) {
      await shown.page.keyboard.press('Tab');
      const { style, name } = await shown.page.evaluate(() => {
        const active = document.activeElement ?? document.body;
        return { style: getComputedStyle(active).outlineStyle, name: active.textContent };
      });
      if (name !== (await shown.page.evaluate(() => document.body.textContent)) && style === 'none')
        unseen.push(name);
    }
    expect(unseen).toEqual([]);
  });

  it('a row that moves keeps the focus', async () => {
    await shown.open(degraded());
    const [first, ...rest] = shown.run.scene.parked;
    if (first === undefined) throw new Error('nothing is parked');
    const name = `${first.key} messages`;
    await shown.page.focus('.opener');
    expect(await focused()).toBe(name);
    shown.run.scene.parked = [...rest, first];
    shown.run.scene.stages = shown.run.scene.stages.map((one) => ({
      ...one,
      parkedKeys: one.parkedKeys + 1,
    }));
    await until('the row to move', () =>
      shown.page.evaluate((key) => document.querySelector('.opener')?.textContent !== key, name),
    );
    expect(await focused()).toBe(name);
  });
});

describe('for a screen reader', () => {
  it('there are headings, captions, scopes and names, and the mode is announced once', async () => {
    await shown.open(degraded());
    const outline = await shown.page.$$eval('h1, h2, h3', (found) =>
      found.map(({ tagName }) => tagName).join(' '),
    );
    expect(outline).toMatch(/^H1 (H2( H3)* ?)+$/);
    expect(
      await shown.page.$$('table:not(:has(caption)), th:not([scope]), section:not([aria-labelledby])'),
    ).toEqual([]);
    const nameless = await shown.page.$$eval(
      'button, a, canvas',
      (found) =>
        found.filter((one) => one.textContent.trim() === '' && one.closest('[role=img]') === null).length,
    );
    expect(nameless).toBe(0);
    const ids = await shown.page.$$eval('[id]', (found) => found.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    const names = await shown.page.$$eval('button:not([hidden])', (found) =>
      found.map((one) => one.textContent),
    );
    expect(new Set(names).size).toBe(names.length);

    await shown.page.evaluate(() => {
      const said: string[] = [];
      Object.assign(window, { said });
      const sentence = document.querySelector('[role=status].sentence');
      if (sentence !== null) {
        new MutationObserver(() => said.push(sentence.textContent)).observe(sentence, { childList: true });
      }
    });
    shown.run.scene = recovering();
    await untilText(shown.page, '#mode-sentence', 'Recovering');
    // Longer than a refresh: the same mode, read again, is not announced again.
    await new Promise((done) => setTimeout(done, 2500));
    expect(await shown.page.evaluate(() => (window as unknown as { said: string[] }).said)).toEqual([
      'Recovering: events are being forwarded again, a few at a time.',
    ]);
  });

  it('each mode has its own shape in addition to its colour', async () => {
    const shapes = new Set<string>();
    await shown.open(normal());
    for (const scene of [normal(), degraded(), recovering(), held()]) {
      shown.run.scene = scene;
      const sentence = { degraded: 'Degraded', recovering: 'Recovering', normal: 'Normal' };
      const [router = stage('router')] = scene.stages;
      await untilText(shown.page, '#mode-sentence', router.held ? 'Held' : sentence[router.mode]);
      shapes.add(await shown.page.$eval('#mode-icon path', (path) => path.getAttribute('d') ?? ''));
    }
    expect(shapes.size).toBe(4);
  });
});
