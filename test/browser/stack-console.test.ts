/** The console of a pipeline on AWS: the same page, without what the local run alone has, and AWS's refusals in words. */
import { describe, expect, it } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { press, textOf, untilText } from './chromium.ts';
import { ConsolePage } from './console-page.ts';
import { degraded, held, normal } from './scenes.ts';

const shown = new ConsolePage();
const READS = { stack: 'Shop', operates: false, options: ' --stack Shop', deploy: 'npx cdk deploy' };
const OPERATES = { ...READS, operates: true };

/** For a person to look at: `SLUICE_PICTURES=<directory>`. */
const picture = async (name: string): Promise<void> => {
  const directory = process.env['SLUICE_PICTURES'];
  if (directory === undefined) return;
  await mkdir(directory, { recursive: true });
  await shown.page.screenshot({ path: `${directory}/${name}.png`, fullPage: true });
};

/** Names of the buttons that can be seen. */
const buttons = (): Promise<string[]> =>
  shown.page.$$eval('button', (found) =>
    found.filter((one) => one.checkVisibility()).map((one) => one.textContent.replaceAll(/\s+/g, ' ').trim()),
  );

describe('that only shows', () => {
  it('has the flow and the alarms, no commands, and not what the local run alone has', async () => {
    await shown.open(degraded(), {}, READS);
    expect(await textOf(shown.page, '#place')).toBe('Stack Shop · shows only');
    await untilText(shown.page, '#parked-count', '3');
    await press(shown.page, `${degraded().parked[0]?.key ?? ''} messages`);
    await untilText(shown.page, '.detail:not([hidden])', 'order-completed-0');
    await picture('stack-reads');
    const names = await buttons();
    expect(names).toContainEqual(expect.stringMatching(/messages$/));
    expect(names.join()).not.toMatch(/Hold|Resume|Retry|Discard|Redeploy/);
    expect(await textOf(shown.page, 'main')).not.toContain('Commands');
    expect(await textOf(shown.page, '#rate-summary')).toMatch(/^Accepted: [\d.]+ per second now/);
    expect(await textOf(shown.page, '#backlog-summary')).toBe('Waiting: 2,191 messages now, at most 2,191.');
    expect(await textOf(shown.page, '#alarm-rows')).toContain(degraded().alarms[0]?.name);
    expect(await textOf(shown.page, '#mode-command')).toBe(
      'When it is fixed: npx cdk deploy if the fix is in code or configuration, else npx sluice resume --stack Shop.',
    );
    expect(shown.run.commands).toEqual([]);
    expect(shown.complaints).toEqual([]);
  });

  it('says in words that the credentials have expired, keeps what it has shown, and continues', async () => {
    const text = 'AWS does not take the credentials (ExpiredToken: it expired); log in (aws sso login)';
    await shown.open(held(), {}, READS);
    shown.run.scene.denied = { permission: 'read', text };
    expect(await untilText(shown.page, '#outage', 'AWS does not take')).toMatch(
      /\(aws sso login\) What you see is what it said at \d\d:\d\d:\d\d\. AWS is asked again every 10 seconds\.$/,
    );
    await picture('stack-expired');
    expect(await textOf(shown.page, '#connection')).toBe('Not connected');
    expect(await textOf(shown.page, '#mode-sentence')).toContain('Held by an operator');
    delete shown.run.scene.denied;
    await untilText(shown.page, '#connection', 'Live');
    expect(await textOf(shown.page, '#outage')).toBe('');
  });

  it('shows the rest where CloudWatch refuses, and says what is lacking', async () => {
    const scene = degraded();
    scene.blind = 'the credentials lack the permission cloudwatch:GetMetricData';
    await shown.open(scene, {}, READS);
    await untilText(shown.page, '#outage', 'the credentials lack the permission cloudwatch:GetMetricData');
    expect(await textOf(shown.page, '#connection')).toBe('Live');
    await untilText(shown.page, '#parked-count', '3');
  });

  it('content that the credentials may not read is asked for, and the refusal is said next to it', async () => {
    const scene = degraded();
    scene.denied = { permission: 'content', text: 'the credentials lack control.grantContent' };
    await shown.open(scene, {}, READS);
    await untilText(shown.page, '#parked-count', '3');
    await press(shown.page, `${scene.parked[0]?.key ?? ''} messages`);
    await untilText(shown.page, '.detail:not([hidden])', 'order-completed-0');
    await shown.page.click('.detail:not([hidden]) button[aria-pressed]');
    await untilText(
      shown.page,
      '.detail:not([hidden]) .problem',
      'The messages cannot be shown: the credentials lack control.grantContent',
    );
    expect(await textOf(shown.page, '#connection')).toBe('Live');
  });

  it('says when the command has ended', async () => {
    await shown.open(normal(), {}, READS);
    await shown.run.stop();
    expect(await untilText(shown.page, '#outage', 'does not answer')).toMatch(
      /^The console does not answer\. .* if npx sluice console has ended, start it again, and open the address that it prints\.$/,
    );
    await shown.run.start();
  });
});

it('that operates has the commands; what AWS refuses is said', async () => {
  await shown.open(degraded(), {}, OPERATES);
  expect(await textOf(shown.page, '#place')).toBe('Stack Shop');
  await press(shown.page, 'Hold crm');
  await shown.page.type('dialog textarea', 'moving house');
  await press(shown.page, 'Hold crm');
  await untilText(shown.page, '#notices', 'crm is held.');
  expect(shown.run.commands).toEqual([{ command: 'hold', stage: 'crm', reason: 'moving house' }]);
  await picture('stack-operates');
  expect((await buttons()).join()).not.toContain('Redeploy');
  shown.run.scene.denied = { permission: 'operate', text: 'the credentials lack control.grantOperate' };
  await press(shown.page, 'Resume crm');
  await untilText(shown.page, '.notice.failed', 'Failed: the credentials lack control.grantOperate');
  expect(shown.run.commands).toHaveLength(1);
});
