/** `npx sluice verify` against a local run: it passes, touches nothing but the canary, and says what is broken. */
import { describe, expect, it, beforeAll } from '@jest/globals';
import type { Receipt } from '../../cli/verify/receipt.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS } from '../../tools/driver/until.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { control, stageStatus } from '../support/operator.ts';
import { webhookPipeline } from '../support/pipelines.ts';

let receiver: Receiver;
let run: LocalRun;

const PLAIN = 'export default (event) => event;';
/** Swaps two events of a canary's user in the check of the order, as a pipeline would that lets one overtake the other. */
const SWAPPED = String.raw`export default (event) => ({
  ...event,
  messageId: event.messageId.replace(/c4:user3:([67])$/, (_, seq) => 'c4:user3:' + (13 - seq)),
});`;

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: webhookPipeline(receiver, { canary: true, transform: './all.mjs' }),
    files: { 'all.mjs': PLAIN },
    env: { SLUICE_CONTROL_SECONDS: '5' },
  });
});

const verify = async (
  ...args: readonly string[]
): Promise<Receipt & { readonly exitCode: number | null }> => {
  const { code, stdout, stderr } = await run.sluice('verify', '--json', ...args);
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Receipt), exitCode: code };
};

const kinds = ({ checks }: Receipt): readonly string[] =>
  checks.map(({ number, outcome }) => `${number} ${outcome.kind}`);

describe('verify', () => {
  it(
    'passes the data plane, over a connection of HTTP',
    async () => {
      const receipt = await verify('--skip', '3,4,5,6');
      expect(receipt.exitCode).toBe(0);
      expect(receipt.checks[1]?.outcome).toMatchObject({
        kind: 'passed',
        figures: { gzip: '200', beacon: '200', pixel: '200', 'body of 10.6 MB': '413' },
        notChecked: [expect.stringContaining('TLS') as unknown],
      });
    },
    2 * DEADLINE_MS,
  );

  it(
    'passes a drill, in the canary alone, through deployments, and remembers it',
    async () => {
      const receipt = await verify('--drill', '--deploy');
      expect(receipt.checks.filter(({ outcome }) => outcome.kind === 'failed')).toEqual([]);
      expect(kinds(receipt)).toEqual([
        '1 passed',
        '2 not checked',
        ...[3, 4, 5, 6].map((number) => `${number} passed`),
        '7 passed',
        '8 passed',
        '9 passed',
        '10 not checked',
        '11 passed',
        '12 not checked',
      ]);
      expect(receipt).toMatchObject({ passed: true, exitCode: 0, drill: true, target: 'local run' });
      expect(receipt.code['canary']).toMatch(/^[0-9a-f]+$/);
      expect(receiver.requests).toEqual([]);
      for (const id of ['router', 'crm', 'canary'])
        expect(await stageStatus(run, id)).toMatchObject({ mode: 'normal', parkedKeys: 0, deadLetters: 0 });
      for (const id of ['router', 'crm']) expect((await stageStatus(run, id)).history).toEqual([]);
      const { orders, drilledAt } = await control(run, { command: 'canary' });
      expect(orders?.answer ?? 'take').toBe('take');
      expect(drilledAt).toBeGreaterThan(Date.parse(receipt.startedAt));
    },
    9 * DEADLINE_MS,
  );

  it(
    'says that an event has overtaken another',
    async () => {
      run.write('all.mjs', SWAPPED);
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
      const before = (await control(run, { command: 'canary' })).drilledAt;
      const receipt = await verify('--drill', '--skip', '5,6');
      expect(receipt.exitCode).toBe(1);
      expect((await control(run, { command: 'canary' })).drilledAt).toBe(before);
      expect(kinds(receipt).slice(0, 4)).toEqual(['1 passed', '2 not checked', '3 passed', '4 failed']);
      expect(receipt.checks[3]?.outcome).toMatchObject({
        why: expect.stringMatching(/after a later event.*c4:user3:7/) as unknown,
      });
    },
    2 * DEADLINE_MS,
  );

  it(
    'says that a stage is held, and makes no other check',
    async () => {
      await control(run, { command: 'hold', stage: 'canary', reason: 'a plant' });
      const receipt = await verify();
      expect(receipt.exitCode).toBe(1);
      expect(receipt.checks[0]?.outcome).toMatchObject({
        kind: 'failed',
        why: expect.stringMatching(/^canary is held.*a plant/) as unknown,
      });
      expect(new Set(receipt.checks.slice(1).map(({ outcome }) => outcome.kind))).toEqual(
        new Set(['not checked']),
      );
      expect((await stageStatus(run, 'canary')).held).toBe(true);
    },
    2 * DEADLINE_MS,
  );
});
