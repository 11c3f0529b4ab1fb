/** What a person and a program read of the checks; and that control is asked again while it is busy. */
import { describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import type { Ask } from '../../../cli/client.ts';
import { CommandFailure } from '../../../cli/failure.ts';
import { patientAsk } from '../../../cli/verify/open-world.ts';
import { receiptMarkdown, receiptOf } from '../../../cli/verify/receipt.ts';
import type { CheckResult } from '../../../cli/verify/run.ts';
import { checkText, verdictText } from '../../../cli/views/verify.ts';
import { ALL_NORMAL, DEGRADED, NOW } from '../fixtures.ts';

const FAILED: CheckResult = {
  number: 5,
  title: 'poison',
  seconds: 8.2,
  outcome: { kind: 'failed', why: 'a | b', fix: 'look', figures: { secondsToPark: 7 } },
};
const RESULTS: readonly CheckResult[] = [
  {
    number: 1,
    title: 'preflight',
    seconds: 0.1,
    outcome: { kind: 'passed', figures: { stages: 3 }, notChecked: ['quotas'] },
  },
  FAILED,
  { number: 7, title: 'concurrency', seconds: 0, outcome: { kind: 'not checked', why: 'a deployment' } },
];

const OPTIONS = {
  target: 'stack Sluice',
  dataPlaneUrl: 'https://events.example',
  run: 'r1',
  drill: false,
  versions: { sluice: '1.2.3', node: 'v24' },
  checks: RESULTS,
  startedAt: NOW,
  endedAt: NOW + 90_000,
  status: DEGRADED,
};

const receipt = (checks: readonly CheckResult[] = RESULTS) => receiptOf({ ...OPTIONS, checks });

describe('the receipt', () => {
  it('passes unless a check failed, and has the code of each stage that is known', () => {
    expect(receipt()).toMatchObject({ receipt: 'sluice verify', version: 1, passed: false });
    expect(receipt(RESULTS.filter((one) => one !== FAILED)).passed).toBe(true);
    expect(receipt().code).toMatchObject({ router: '3f2a9c0d11e87b64a0c5' });
    expect(receipt()).toMatchObject({
      startedAt: '2026-11-22T21:52:00.000Z',
      endedAt: '2026-11-22T21:53:30.000Z',
    });
  });

  it('as Markdown has a row for each check, whatever its text', () => {
    const text = receiptMarkdown(receipt());
    expect(text).toMatch(/^# Acceptance of Sluice\/Pipeline: failed\n/);
    expect(text).toContain('| 1 | preflight | passed | 0.1 | stages: 3; Not checked: quotas |');
    expect(text).toContain('| 5 | poison | failed | 8.2 | secondsToPark: 7; a \\| b; To do: look |');
    expect(text).toContain('| 7 | concurrency | not checked | 0 | a deployment |');
  });

  it('is written without a status as well', () => {
    expect(receiptOf({ ...OPTIONS, status: undefined })).toMatchObject({ pipeline: 'unknown', code: {} });
  });
});

describe('the text', () => {
  const colors = pc.createColors(false);

  it('says what failed and what to do, and counts', () => {
    expect(checkText(FAILED, colors)).toBe(' 5  failed       poison (8.2 s)\n    a | b\n    to do: look');
    expect(verdictText(receipt(), colors)).toBe(
      '\nstack Sluice: failed: 1 check passed, 1 failed (5), 1 not checked',
    );
  });
});

describe('control that is busy', () => {
  const answering = (...answers: readonly string[]) => {
    const left = [...answers];
    const pauses: number[] = [];
    const ask = (() => {
      const message = left.shift();
      return message === undefined
        ? Promise.resolve(ALL_NORMAL)
        : Promise.reject(new CommandFailure(message));
    }) as Ask;
    const patient = patientAsk(ask, (pause) => {
      pauses.push(pause);
      return Promise.resolve();
    });
    return { patient, pauses };
  };

  it('is asked again', async () => {
    const { patient, pauses } = answering('failed: TooManyRequestsException: Rate Exceeded', 'took too long');
    expect(await patient({ command: 'status' })).toEqual(ALL_NORMAL);
    expect(pauses).toHaveLength(2);
  });

  it('is not asked again after another failure', async () => {
    const { patient, pauses } = answering('the credentials lack the permission');
    await expect(patient({ command: 'status' })).rejects.toThrow('the credentials lack');
    expect(pauses).toEqual([]);
  });
});
