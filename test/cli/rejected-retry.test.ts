import { describe, expect, it } from '@jest/globals';
import type { ControlRequest } from '../../contract/operations.ts';
import type { ResentPage } from '../../contract/operator-views.ts';
import type { Ask } from '../../cli/client.ts';
import { resendAll } from '../../cli/commands/rejected-retry.ts';
import { CommandFailure } from '../../cli/failure.ts';

const setUp = (...pages: readonly (ResentPage | Error)[]) => {
  const requests: ControlRequest[] = [];
  const waits: number[] = [];
  const ask = ((request: ControlRequest) => {
    requests.push(request);
    const page = pages[requests.length - 1];
    return page instanceof Error ? Promise.reject(page) : Promise.resolve(page);
  }) as Ask;
  const wait = (milliseconds: number) => Promise.resolve(waits.push(milliseconds));
  return {
    requests,
    waits,
    run: (rate: number, more = {}) => resendAll(ask, { stage: 'crm', ...more }, rate, wait),
  };
};

describe('resending what matches', () => {
  it('asks for as much as a second allows, and waits until the rate allows more', async () => {
    const { requests, waits, run } = setUp(
      { records: 20, events: 30, skipped: [], cursor: 'c1' },
      { records: 5, events: 5, skipped: [{ id: 'r9', reason: 'cut' }] },
    );
    expect(await run(20, { reason: '400' })).toEqual({
      records: 25,
      events: 35,
      skipped: [{ id: 'r9', reason: 'cut' }],
    });
    expect(requests).toEqual([
      { command: 'resend-rejected', stage: 'crm', reason: '400', limit: 20 },
      { command: 'resend-rejected', stage: 'crm', reason: '400', limit: 20, cursor: 'c1' },
    ]);
    expect(waits).toEqual([1_500]);
  });

  it('does not wait in a dry run', async () => {
    const { requests, waits, run } = setUp(
      { records: 200, events: 200, skipped: [], cursor: 'c1' },
      { records: 1, events: 1, skipped: [] },
    );
    expect(await run(1, { dryRun: true })).toMatchObject({ events: 201 });
    expect([requests.length, waits]).toEqual([2, []]);
  });

  it('says how far it came when it fails, and how to continue', async () => {
    const { run } = setUp(
      { records: 2, events: 2, skipped: [], cursor: 'c1' },
      new CommandFailure("control's function failed: InfraFault"),
    );
    await expect(run(2)).rejects.toThrow(
      "control's function failed: InfraFault\n2 events had been sent again by then. The same command continues there.",
    );
  });
});
