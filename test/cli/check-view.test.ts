/** The output of `sluice check`. */
import { describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import { hasCrashed, type StageCheck, type StageRun } from '../../cli/check/run.ts';
import { checkText } from '../../cli/views/check.ts';

const runOf = (eventId: string, more: Partial<StageRun>): StageRun => ({
  eventId,
  type: 'track',
  printed: [],
  unchanged: false,
  ...more,
});
const checkOf = (more: Partial<StageCheck>): StageCheck => ({
  stage: 'router',
  runs: [],
  printed: [],
  late: [],
  ...more,
});
const text = (checks: readonly StageCheck[], missing: readonly string[] = []): string =>
  checkText(checks, { colors: pc.createColors(false) }, { missing, file: '.sluice/secrets.json' });

const THROW = {
  kind: 'throw' as const,
  error: 'TypeError: no plan',
  stack: 'TypeError: no plan\n    at plan (transforms/all.ts:3:20)\n    at transforms/all.ts:9:1',
  eventId: 'm-3',
};

describe('the result of a stage', () => {
  it('is one line per event, with its outputs, its crash, and what it printed', () => {
    const runs = [
      runOf('m-1', { outputs: [{ messageId: 'm-1', n: 1 }, { messageId: 'm-1:1' }] }),
      runOf('m-2', { outputs: [], printed: [{ level: 'info', text: 'dropped', fields: '{"why":"bot"}' }] }),
      runOf('m-3', { crash: THROW, printed: [{ level: 'warn', text: 'odd' }] }),
      runOf('m-4', { outputs: [{ messageId: 'm-4', type: 'track' }], unchanged: true }),
    ];
    expect(text([checkOf({ runs, printed: [{ level: 'info', text: 'loading' }] })])).toBe(
      [
        'router',
        '  printed: loading',
        '  m-1 (track) -> 2 events',
        '    {"messageId":"m-1","n":1}',
        '    {"messageId":"m-1:1"}',
        '  m-2 (track) -> filtered',
        '    printed: dropped {"why":"bot"}',
        '  m-3 (track) -> crash: TypeError: no plan',
        '    the code threw',
        '    at plan (transforms/all.ts:3:20)',
        '    at transforms/all.ts:9:1',
        '    printed (warn): odd',
        '  m-4 (track) -> unchanged',
        '',
        '4 events in 1 stage: 2 passed, 1 filtered, 1 crashed.',
      ].join('\n'),
    );
  });

  it('shows why a module does not load, and late failures', () => {
    const load = {
      kind: 'load' as const,
      error: 'Error: no host',
      stack: 'Error: no host\n    at all.ts:1:7',
    };
    const late = { kind: 'late' as const, error: 'Error: too late', eventId: 'm-1' };
    const runs = [runOf('m-1', { outputs: [{ messageId: 'm-1' }], unchanged: true })];
    expect(text([checkOf({ load }), checkOf({ stage: 'crm', runs, late: [late] })])).toBe(
      [
        'router',
        '  Error: no host',
        '    the code does not load',
        '    at all.ts:1:7',
        '',
        'crm',
        '  m-1 (track) -> unchanged',
        '  late crash of m-1: Error: too late',
        '    the transform failed after the event was answered',
        '',
        '1 event in 2 stages: 1 passed, 0 filtered, 0 crashed, 1 late crash, the transform of router does not load.',
      ].join('\n'),
    );
  });

  it('shows notes on the events, and which secrets had no value', () => {
    const lines = text(
      [checkOf({ stage: 'crm', unreached: ['m-1', 'm-2'], transformed: 2, leftOut: 1 })],
      ['crm/api-key'],
    ).split('\n');
    expect(lines).toEqual([
      'crm',
      "  not given: m-1, m-2 (the pipeline's transform filtered them out, or crashed)",
      '  the transform had made 2 events of these already: a record holds what was sent',
      '  left out 1 record without a whole event',
      '  loads; no event ran',
      '',
      'The secret crm/api-key has no value in .sluice/secrets.json: the transform got "not available while transforms are checked".',
      '0 events in 1 stage: 0 passed, 0 filtered, 0 crashed.',
    ]);
  });

  it('contains no terminal escape sequences', () => {
    const nasty = '\u001b[2J\u0007x';
    const runs = [
      runOf(nasty, { type: nasty, outputs: [{ messageId: nasty }] }),
      runOf(nasty, { crash: { ...THROW, error: nasty, stack: `at ${nasty}` } }),
    ];
    const printed = [{ level: 'info' as const, text: nasty, fields: nasty }];
    const shown = text([checkOf({ runs, printed, unreached: [nasty], load: { ...THROW, error: nasty } })]);
    expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('a check has crashed', () => {
  it.each<[string, Partial<StageCheck>, boolean]>([
    ['when an event crashed', { runs: [runOf('m', { crash: THROW })] }, true],
    ['when the module does not load', { load: THROW }, true],
    ['when something failed late', { late: [THROW] }, true],
    ['not when an event was filtered', { runs: [runOf('m', { outputs: [] })] }, false],
    ['not when nothing reached the stage', { unreached: ['m'] }, false],
  ])('%s', (_, more, expected) => {
    expect(hasCrashed(checkOf(more))).toBe(expected);
  });
});
