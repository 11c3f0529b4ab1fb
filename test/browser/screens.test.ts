import { describe, expect, it } from '@jest/globals';
import { DESKTOP, PHONE, press, textOf, untilText } from './chromium.ts';
import { faintTexts } from './contrast.ts';
import { ConsolePage } from './console-page.ts';
import { filledWith, openAll } from './filled.ts';
import { degraded, held, normal, recovering } from './scenes.ts';

const shown = new ConsolePage();

const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{7*7}}\u202e</textarea>`;
const LONG = 'x'.repeat(300);

describe('hostile text', () => {
  it('is shown as text, and never becomes markup or runs', async () => {
    await shown.open(filledWith(HOSTILE));
    await openAll(shown.page);
    for (const section of [
      '#stages',
      '#parked',
      '#rejected',
      '#incidents',
      '#failures',
      '#crashes',
      '#mode',
    ]) {
      expect(await textOf(shown.page, section)).toContain('<script>window.hacked=1</script>{{7*7}}');
    }
    await shown.page.click('.detail .event button');
    expect(await textOf(shown.page, 'dialog')).toContain('<img src=x onerror=');
    expect(
      await shown.page.$$('img:not([src="icon.svg"]), script:not([src="page.js"]), main textarea'),
    ).toEqual([]);
    expect(await shown.page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(shown.complaints).toEqual([]);
  });

  it('could not add scripts or reach other hosts: the page’s policy blocks both', async () => {
    await shown.open(normal());
    const outcome = await shown.page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) =>
        violations.push(event.effectiveDirective),
      );
      const script = document.createElement('script');
      let stopped = false;
      try {
        script.text = 'window.hacked = 1';
      } catch {
        stopped = true;
      }
      await fetch('http://127.0.0.1:9/').catch(() => undefined);
      await new Promise((done) => setTimeout(done, 100));
      return { stopped, violations };
    });
    expect(outcome.stopped).toBe(true);
    expect(outcome.violations).toEqual(expect.arrayContaining(['require-trusted-types-for', 'connect-src']));
  });
});

describe('on any screen', () => {
  const overflow = () =>
    shown.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  it.each([
    ['a phone', PHONE],
    ['a tablet', { width: 800, height: 1000 }],
    ['a desktop', DESKTOP],
  ])('%s: nothing makes the page scroll sideways, however long the text', async (_, viewport) => {
    await shown.open(filledWith(LONG), { viewport });
    await openAll(shown.page);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await shown.page.evaluate(() => document.querySelector<HTMLElement>('.detail .event button')?.click());
    await shown.page.waitForSelector('dialog[open]');
    expect(await overflow()).toBeLessThanOrEqual(0);
    const inside = await shown.page.$eval('dialog', (dialog) => dialog.scrollWidth - dialog.clientWidth);
    expect(inside).toBeLessThanOrEqual(0);
  });

  it('a phone: buttons are large enough for a finger', async () => {
    await shown.open(degraded(), { viewport: PHONE });
    const small = await shown.page.$$eval('button', (found) =>
      found.filter((one) => one.offsetHeight > 0 && one.offsetHeight < 44).map((one) => one.textContent),
    );
    expect(small).toEqual([]);
  });

  it.each([
    ['by day', false],
    ['by night', true],
  ])('every text has enough contrast to its background %s', async (_, dark) => {
    for (const scene of [degraded(), recovering(), held(), normal()]) {
      await shown.open(scene, { dark });
      if (scene.parked.length > 0) await openAll(shown.page);
      await press(shown.page, 'Redeploy');
      await shown.page.waitForSelector('.notice');
      expect(await faintTexts(shown.page)).toEqual([]);
      await shown.page.close();
      await shown.run.stop();
    }
    await shown.open(normal(), { dark });
    await shown.run.stop();
    await untilText(shown.page, '#outage', 'does not answer');
    expect(await faintTexts(shown.page)).toEqual([]);
  });
});
