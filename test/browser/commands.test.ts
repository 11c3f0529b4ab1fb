import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../tools/driver/until.ts';
import { press, textOf, untilText } from './chromium.ts';
import { ConsolePage } from './console-page.ts';
import { degraded } from './scenes.ts';

const shown = new ConsolePage();
beforeEach(() => shown.open(degraded()));

const KEY = degraded().parked[0]?.key ?? '';
const commands = (count: number) =>
  until(`${count} commands`, () => (shown.run.commands.length >= count ? shown.run.commands : undefined));
const isAsking = () => shown.page.evaluate(() => document.querySelector('dialog')?.open ?? false);

describe('the operator’s commands', () => {
  it('hold asks for a reason; resume replaces it', async () => {
    await press(shown.page, 'Hold crm');
    await shown.page.type('dialog textarea', '  moving house  ');
    await press(shown.page, 'Hold crm');
    expect(await commands(1)).toEqual([{ command: 'hold', stage: 'crm', reason: 'moving house' }]);
    await untilText(shown.page, '#notices', 'crm is held.');
    await press(shown.page, 'Resume crm');
    expect(await commands(2)).toContainEqual({ command: 'resume', stage: 'crm' });
    await untilText(shown.page, '#notices', 'crm is resumed: normal.');
  });

  it('a hold without a reason, or with whitespace as the reason, is not sent', async () => {
    await press(shown.page, 'Hold router');
    const submit = async () => {
      await shown.page.click('dialog button[type=submit]');
      return shown.page.$eval('dialog textarea', (field) => field.validationMessage);
    };
    expect(await submit()).not.toBe('');
    await shown.page.type('dialog textarea', '   ');
    expect(await submit()).toBe('Say why, in a few words.');
    expect(await isAsking()).toBe(true);
    expect(shown.run.commands).toEqual([]);
  });

  it('retry works for a key, a stage, and all', async () => {
    await press(shown.page, `Retry key ${KEY}`);
    await commands(1);
    await press(shown.page, 'Retry parked router');
    await commands(2);
    await press(shown.page, 'Retry all');
    expect(await commands(3)).toEqual([
      { command: 'retry', stage: 'router', key: KEY },
      { command: 'retry', stage: 'router' },
      { command: 'retry' },
    ]);
    await untilText(shown.page, '#notices', '3 keys will be tried now.');
  });

  it('redeploy works, and shows every mistake in the configuration', async () => {
    await press(shown.page, 'Redeploy');
    await untilText(shown.page, '#notices', 'Deployed: the functions run the new code.');
    expect(shown.run.redeployments).toBe(1);
    shown.run.scene.mistake = 'sources: is empty\ndestinations[0].url: is no URL';
    await press(shown.page, 'Redeploy');
    await untilText(shown.page, '.notice.failed', 'sources: is empty destinations[0].url: is no URL');
    await press(shown.page, 'Dismiss');
  });

  it('a rejected event is resent after a confirmation', async () => {
    await press(shown.page, 'Retry record-0');
    expect(await textOf(shown.page, 'dialog')).toContain('behind what its user has sent since');
    expect(shown.run.commands).toEqual([]);
    await shown.page.click('dialog button[type=submit]');
    expect(await commands(1)).toEqual([{ command: 'retry-rejected', stage: 'crm', id: 'record-0' }]);
    await untilText(shown.page, '#rejected-count', /^1$/);
  });

  it('a refusal of control is shown with its reason, and the dialog stays open', async () => {
    shown.run.scene.refusal = 'there is no stage crm';
    await press(shown.page, 'Hold crm');
    await shown.page.type('dialog textarea', 'x');
    await shown.page.click('dialog button[type=submit]');
    await untilText(shown.page, 'dialog .problem', 'Failed: there is no stage crm');
    expect(await isAsking()).toBe(true);
    await press(shown.page, 'Cancel');
    expect(await isAsking()).toBe(false);
    await press(shown.page, `Retry key ${KEY}`);
    await untilText(shown.page, '.notice.failed', 'Failed: there is no stage crm');
    expect(shown.complaints).toEqual([]);
  });

  it('a command without an answer is not reported as certainly failed', async () => {
    await press(shown.page, 'Hold crm');
    await shown.page.type('dialog textarea', 'x');
    await shown.run.stop();
    await shown.page.click('dialog button[type=submit]');
    await untilText(shown.page, 'dialog .problem', 'it may have done it anyway');
  });
});

describe('discarding an event', () => {
  beforeEach(async () => {
    await press(shown.page, `${KEY} messages`);
    await press(shown.page, 'Discard … event order-completed-1');
  });

  it('takes a reason and a confirmation', async () => {
    const submit = () => shown.page.click('dialog button[type=submit]');
    await submit();
    expect(await shown.page.$eval('dialog textarea', (field) => field.validity.valueMissing)).toBe(true);
    await shown.page.type('dialog textarea', 'a test order');
    await submit();
    expect(await shown.page.$eval('dialog input', (field) => field.validity.valueMissing)).toBe(true);
    expect(shown.run.commands).toEqual([]);
    await shown.page.click('dialog input');
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
    await untilText(shown.page, '#notices', 'Discarded order-completed-1; 2 messages of its key left.');
    await until(
      'the content to be gone',
      async () => !(await textOf(shown.page, '#parked')).includes('order-completed-1'),
    );
    expect(await textOf(shown.page, '#parked')).toContain('order-completed-2');
  });

  it('can be cancelled', async () => {
    await shown.page.keyboard.press('Escape');
    await until('the dialog to be closed', async () => !(await isAsking()));
    expect(shown.run.commands).toEqual([]);
  });
});

describe('content', () => {
  const asked = (command: 'show' | 'rejected') => shown.run.reads.filter((read) => read.command === command);

  it('of parked events is not read until it is requested', async () => {
    await press(shown.page, `${KEY} messages`);
    await untilText(shown.page, '.detail:not([hidden])', 'order-completed-0');
    expect(await textOf(shown.page, '#parked')).not.toContain('Order Completed');
    expect(asked('show')).not.toContainEqual(expect.objectContaining({ content: true }));
    await shown.page.click('.detail:not([hidden]) button[aria-pressed]');
    await untilText(shown.page, '.detail:not([hidden])', '"event": "Order Completed"');
    await shown.page.click('.detail:not([hidden]) button[aria-pressed]');
    await until(
      'the content to be gone',
      async () => !(await textOf(shown.page, '#parked')).includes('Order Completed'),
    );
  });

  it('of rejected events is not read either', async () => {
    expect(asked('rejected')).not.toContainEqual(expect.objectContaining({ content: true }));
    await shown.page.click('#rejected-content');
    await untilText(shown.page, '#rejected-rows', '"event":"Order Completed"');
    await shown.page.click('#rejected-content');
    await until(
      'the content to be gone',
      async () => !(await textOf(shown.page, '#rejected')).includes('Order Completed'),
    );
  });
});
