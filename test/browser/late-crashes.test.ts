/** Late crashes on the page, which change nothing else on it. */
import { expect, it } from '@jest/globals';
import { textOf, untilText } from './chromium.ts';
import { ConsolePage } from './console-page.ts';
import { late, stage } from './scene-parts.ts';
import { degraded, normal } from './scenes.ts';

const shown = new ConsolePage();

it('are shown by stage, with details of the last one, while everything is normal', async () => {
  const scene = normal();
  await shown.open({ ...scene, stages: [stage('router'), stage('crm', { lateCrashes: late })] });
  expect(await textOf(shown.page, '#mode-sentence')).toBe('Normal: events are received and forwarded.');
  expect(await textOf(shown.page, '#crashes')).toMatch(
    /^Last crash No stage’s code has crashed\. Late crashes .* crm 3 late crashes since .*, the last: 9 min( \d+ s)? ago$/,
  );
  await shown.page.click('#late-rows summary');
  expect(await textOf(shown.page, '#late-rows')).toMatch(
    /Error: connect ECONNREFUSED .* The transform failed after the event was answered .* Message 0a2b1c7e\S+ Event page-viewed-7 .* at enrich/,
  );
  expect(shown.complaints).toEqual([]);
});

it('appear next to a crash, and disappear when they are forgotten', async () => {
  await shown.open(degraded());
  expect(await textOf(shown.page, '#crash-rows')).toContain('Event order-completed-0');
  expect(await textOf(shown.page, '#late-rows')).toMatch(/^warehouse 3 late crashes since/);
  shown.run.scene = normal();
  await untilText(shown.page, '#crashes', /^Last crash No stage’s code has crashed\.$/);
});
