import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../local/common/settings.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';

// Below the checkout, so that Node finds the SDK as it would in a new project.
const project = mkdtempSync(join(ROOT, 'node_modules', '.sluice-banner-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

let receiver: Receiver;
let run: LocalRun;
let banner: readonly string[];

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'local-write-key' }],
      destinations: [{ id: 'crm', type: 'webhook', url: receiver.url('/crm') }],
    },
  });
  banner = run.output.split('\n');
});

/** The indented lines below the line that starts with the title: the part that a user copies. */
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

it('shows the command that stands in for a destination on this machine', () => {
  const { origin, port } = new URL(receiver.url('/crm'));
  expect(printedBelow(`Watch what arrives at ${origin}`)).toEqual([`  npx sluice listen --port ${port}`]);
});

it('prints a curl line that works as printed', async () => {
  const lines = printedBelow('Send an event');
  expect(lines).toEqual([expect.stringContaining('curl ')]);
  const curl = await runProcess('sh', ['-c', lines.join('\n')], { cwd: project });
  expect(curl).toMatchObject({ code: 0, stdout: expect.stringMatching(/^"?ok"?\n?$/i) });
  await receiver.waitFor('/crm', 1);
  expect(withoutRedeliveries(receiver.takenBy('/crm'))).toEqual([
    expect.objectContaining({ type: 'track', userId: 'ada', event: 'Hello' }),
  ]);
});

it('prints an SDK snippet that works as printed', async () => {
  const lines = printedBelow('Or with the RudderStack SDK');
  expect(lines.length).toBeGreaterThan(1);
  const file = join(project, 'snippet.mjs');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const snippet = await runProcess(process.execPath, [file], { cwd: project });
  expect(snippet).toMatchObject({ code: 0, stderr: '' });
  await receiver.waitFor('/crm', 2);
  expect(withoutRedeliveries(receiver.takenBy('/crm'))[1]).toMatchObject({
    type: 'track',
    userId: 'ada',
    event: 'Hello',
    context: { library: { name: 'analytics-node' } },
  });
});
