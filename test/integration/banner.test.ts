import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../local/common/settings.ts';
import { startLocalRun, type LocalRun } from '../support/local-run.ts';
import { FollowedProcess } from '../support/processes.ts';
import { Receiver } from '../support/receiver.ts';

// Below the checkout, so that Node finds the SDK as it would in a newcomer's project.
const project = mkdtempSync(join(ROOT, 'node_modules', '.sluice-banner-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

let receiver: Receiver;
let run: LocalRun;
let banner: readonly string[];

beforeAll(async () => {
  receiver = await Receiver.start();
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'local-write-key' }],
      destinations: [{ id: 'crm', type: 'webhook', url: receiver.url('/crm') }],
    },
  });
  banner = run.output.split('\n');
});

/** The indented lines below the one that begins like this: what a person selects and copies. */
const printedBelow = (title: string): readonly string[] => {
  const from = banner.findIndex((line) => line.startsWith(title)) + 1;
  const to = banner.findIndex((line, i) => i >= from && !line.startsWith('  '));
  return from === 0 ? [] : banner.slice(from, to);
};

it('names the data plane, the write key and the destination', () => {
  expect(run.output).toContain(`data plane    ${run.dataPlaneUrl}\n`);
  expect(run.output).toContain(`console       ${run.consoleUrl}\n`);
  expect(run.output).toContain('write key     local-write-key  (source web)\n');
  expect(run.output).toContain(`destinations  crm -> ${receiver.url('/crm')}\n`);
});

it('prints a curl line that works as printed', async () => {
  const lines = printedBelow('Send an event');
  expect(lines).toEqual([expect.stringContaining('curl ')]);
  const curl = new FollowedProcess('sh', ['-c', lines.join('\n')], project, process.env);
  expect(await curl.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^"?ok"?\n?$/i) });
  await receiver.waitFor('/crm', 1);
  expect(receiver.takenBy('/crm')).toEqual([
    expect.objectContaining({ type: 'track', userId: 'ada', event: 'Hello' }),
  ]);
});

it('prints an SDK snippet that works as printed', async () => {
  const lines = printedBelow('Or with the RudderStack SDK');
  expect(lines.length).toBeGreaterThan(1);
  const file = join(project, 'snippet.mjs');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const snippet = new FollowedProcess(process.execPath, [file], project, process.env);
  expect(await snippet.ended).toMatchObject({ code: 0, stderr: '' });
  await receiver.waitFor('/crm', 2);
  expect(receiver.takenBy('/crm')[1]).toMatchObject({
    type: 'track',
    userId: 'ada',
    event: 'Hello',
    context: { library: { name: 'analytics-node' } },
  });
});
