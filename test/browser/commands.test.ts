import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'puppeteer-core';
import { until } from '../support/until.ts';
import { openPage, press, startChromium, textOf, untilText } from './chromium.ts';
import { FakeRun } from './fake-run.ts';
import { degraded } from './scenes.ts';

let browser: Browser;
let run: FakeRun;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());
beforeEach(async () => {
  run = new FakeRun(degraded());
  await run.start();
  ({ page, complaints } = await openPage(browser));
  await page.goto(run.url);
  await untilText(page, '#connection', 'Live');
});
afterEach(async () => {
  await page.close();
  await run.stop();
});

const KEY = degraded().parked[0]?.key ?? '';
const commands = (count: number) =>
  until(`${count} commands`, () => (run.commands.length >= count ? run.commands : undefined), {
    deadlineMs: 20_000,
  });
const isAsking = () => page.evaluate(() => document.querySelector('dialog')?.open ?? false);

describe('the operator’s commands', () => {
  it('hold asks for a reason; resume takes its place', async () => {
    await press(page, 'Hold crm');
    await page.type('dialog textarea', '  moving house  ');
    await press(page, 'Hold crm');
    expect(await commands(1)).toEqual([{ command: 'hold', stage: 'crm', reason: 'moving house' }]);
    await untilText(page, '#notices', 'crm is held.');
    await press(page, 'Resume crm');
    expect(await commands(2)).toContainEqual({ command: 'resume', stage: 'crm' });
    await untilText(page, '#notices', 'crm is resumed: normal.');
  });

  it('a hold without a reason is not sent, nor one of blanks', async () => {
    await press(page, 'Hold router');
    const submit = async () => {
      await page.click('dialog button[type=submit]');
      return page.$eval('dialog textarea', (field) => field.validationMessage);
    };
    expect(await submit()).not.toBe('');
    await page.type('dialog textarea', '   ');
    expect(await submit()).toBe('Say why, in a few words.');
    expect(await isAsking()).toBe(true);
    expect(run.commands).toEqual([]);
  });

  it('retries a key, a stage, all', async () => {
    await press(page, `Retry key ${KEY}`);
    await commands(1);
    await press(page, 'Retry parked router');
    await commands(2);
    await press(page, 'Retry all');
    expect(await commands(3)).toEqual([
      { command: 'retry', stage: 'router', key: KEY },
      { command: 'retry', stage: 'router' },
      { command: 'retry' },
    ]);
    await untilText(page, '#notices', '3 keys will be tried now.');
  });

  it('redeploys, and shows all of what is wrong in the configuration', async () => {
    await press(page, 'Redeploy');
    await untilText(page, '#notices', 'Deployed: the functions run the new code.');
    expect(run.redeployments).toBe(1);
    run.scene.mistake = 'sources: is empty\ndestinations[0].url: is no URL';
    await press(page, 'Redeploy');
    await untilText(page, '.notice.failed', 'sources: is empty destinations[0].url: is no URL');
    await press(page, 'Dismiss');
  });

  it('retries a rejected event, after a question', async () => {
    await press(page, 'Retry record-0');
    expect(await textOf(page, 'dialog')).toContain('behind what its user has sent since');
    expect(run.commands).toEqual([]);
    await page.click('dialog button[type=submit]');
    expect(await commands(1)).toEqual([{ command: 'retry-rejected', stage: 'crm', id: 'record-0' }]);
    await untilText(page, '#rejected-count', /^1$/);
  });

  it('says why control refuses, and leaves the question open', async () => {
    run.scene.refusal = 'there is no stage crm';
    await press(page, 'Hold crm');
    await page.type('dialog textarea', 'x');
    await page.click('dialog button[type=submit]');
    await untilText(page, 'dialog .problem', 'Failed: there is no stage crm');
    expect(await isAsking()).toBe(true);
    await press(page, 'Cancel');
    expect(await isAsking()).toBe(false);
    await press(page, `Retry key ${KEY}`);
    await untilText(page, '.notice.failed', 'Failed: there is no stage crm');
    expect(complaints).toEqual([]);
  });

  it('a command that gets no answer is not said to have failed for sure', async () => {
    await press(page, 'Hold crm');
    await page.type('dialog textarea', 'x');
    await run.stop();
    await page.click('dialog button[type=submit]');
    await untilText(page, 'dialog .problem', 'it may have done it all the same');
  });
});

describe('discarding an event', () => {
  beforeEach(async () => {
    await press(page, `${KEY} messages`);
    await press(page, 'Discard … event order-completed-1');
  });

  it('takes a reason and a confirmation', async () => {
    const submit = () => page.click('dialog button[type=submit]');
    await submit();
    expect(await page.$eval('dialog textarea', (field) => field.validity.valueMissing)).toBe(true);
    await page.type('dialog textarea', 'a test order');
    await submit();
    expect(await page.$eval('dialog input', (field) => field.validity.valueMissing)).toBe(true);
    expect(run.commands).toEqual([]);
    await page.click('dialog input');
    await submit();
    expect(await commands(1)).toEqual([
      {
        command: 'discard',
        stage: 'router',
        key: KEY,
        messageId: 'order-completed-1',
        reason: 'a test order',
      },
    ]);
    await untilText(page, '#notices', 'Discarded order-completed-1; 2 messages of its key left.');
    await until('it to be gone', async () => !(await textOf(page, '#parked')).includes('order-completed-1'));
    expect(await textOf(page, '#parked')).toContain('order-completed-2');
  });

  it('can be left', async () => {
    await page.keyboard.press('Escape');
    await until('the dialog to be closed', async () => !(await isAsking()));
    expect(run.commands).toEqual([]);
  });
});

describe('content', () => {
  const asked = (command: 'show' | 'rejected') => run.reads.filter((read) => read.command === command);

  it('of parked events is not read until it is asked for', async () => {
    await press(page, `${KEY} messages`);
    await untilText(page, '.detail:not([hidden])', 'order-completed-0');
    expect(await textOf(page, '#parked')).not.toContain('Order Completed');
    expect(asked('show')).not.toContainEqual(expect.objectContaining({ content: true }));
    await page.click('.detail:not([hidden]) button[aria-pressed]');
    await untilText(page, '.detail:not([hidden])', '"event": "Order Completed"');
    await page.click('.detail:not([hidden]) button[aria-pressed]');
    await until('it to be gone', async () => !(await textOf(page, '#parked')).includes('Order Completed'));
  });

  it('of rejected events neither', async () => {
    expect(asked('rejected')).not.toContainEqual(expect.objectContaining({ content: true }));
    await page.click('#rejected-content');
    await untilText(page, '#rejected-rows', '"event":"Order Completed"');
    await page.click('#rejected-content');
    await until('it to be gone', async () => !(await textOf(page, '#rejected')).includes('Order Completed'));
  });
});
