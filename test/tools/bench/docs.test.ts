import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { DOC_TABLES, originOf } from '../../../tools/bench/docs-tables.ts';
import { filled, toMarkdown } from '../../../tools/bench/docs.ts';
import type { Results } from '../../../tools/bench/results.ts';

const RESULTS: Results = {
  startedAt: '2026-11-27T06:00:00.000Z',
  machine: { cpu: 'EPYC', cores: 2, memoryBytes: 1, system: 'linux', node: 'v20.1.0', load: 0.25 },
  git: { revision: '0123456789', isChanged: false },
  rounds: 4,
  results: [],
  ratios: [
    { scenario: 'batch', against: 'single', accepted: 9.5, endToEnd: undefined, cpu: 0.41, memory: 1 },
  ],
  systems: [
    { scenario: 'batch, this', against: 'other', accepted: 1.5, endToEnd: 2, cpu: 1, memory: undefined },
  ],
  work: [],
};

describe('the tables of the documentation', () => {
  it('are replaced by what was measured, and stay as they are where nothing was', () => {
    const page = [
      'before',
      '<!-- bench: scenarios -->',
      'old',
      '<!-- bench: end -->',
      '<!-- bench: cost -->',
      'kept',
      '<!-- bench: end -->',
      'after',
    ].join('\n');
    const { text, written } = filled(page, RESULTS);
    expect(written).toEqual(['scenarios']);
    expect(text).not.toContain('old');
    expect(text).toContain('| batch : single | 9.50 | n/a | 0.41 | 1.00 |');
    expect(text).toMatch(/kept\n<!-- bench: end -->\nafter$/);
    // Once more gives the same.
    expect(filled(text, RESULTS).text).toBe(text);
  });

  it('say which processes of this checkout used the processor, the busiest first', () => {
    const measured = (system: string, seconds: number) => ({
      system,
      scenario: { name: 'batch' },
      kinds: [
        { kind: 'PipelineRouter', processes: 3, userSeconds: 0.5, systemSeconds: 0.25 },
        { kind: 'node', processes: 1, userSeconds: seconds, systemSeconds: 0.5 },
        { kind: 'PipelineDestinationcrm', processes: 2, userSeconds: 0.25, systemSeconds: 0 },
        { kind: 'PipelineControl', processes: 1, userSeconds: 0, systemSeconds: 0 },
      ],
    });
    const results = [measured('this', 1), measured('other', 7)] as unknown as Results['results'];
    expect(DOC_TABLES.get('processes')?.({ ...RESULTS, results })).toEqual([
      expect.any(Array),
      ['the local run itself', '1', '1.00', '0.50'],
      ['Router', '3', '0.50', '0.25'],
      ['Destination', '2', '0.25', '0.00'],
    ]);
    expect(DOC_TABLES.get('processes')?.(RESULTS)).toBeUndefined();
  });

  it('compare with another system only where it was measured', () => {
    expect(DOC_TABLES.get('other')?.(RESULTS)).toEqual([
      expect.any(Array),
      ['batch', '1.50', '2.00', '1.00', 'n/a'],
    ]);
    expect(DOC_TABLES.get('beside')?.(RESULTS)).toBeUndefined();
  });

  it('say each when and where it was measured: a page may have tables of several runs', () => {
    const { text } = filled('<!-- bench: other -->\n<!-- bench: end -->', RESULTS);
    expect(text).toContain(
      'Measured: 2026-11-27, 2 cores (EPYC), Node 20.1.0, a load of 0.3 before it began, medians of 4 rounds, revision 0123456.',
    );
    expect(originOf('cost', { ...RESULTS, git: undefined })).toMatch(/0\.3 before it began\.$/);
  });

  it('have a row for each kind of destination, and one for what the archive keeps', () => {
    const rows = (kept?: number) => {
      const row = (
        shape: string,
        stage: number,
        service: number,
        delivery: 'busy' | 'one by one' = 'busy',
      ) => ({
        ...{ shape, stage, service, delivery },
        ...(kept === undefined ? {} : { kept: kept * stage }),
      });
      return [row('single', 3, 0.5), row('batch', 0.25, 0.01), row('single', 4, 0.5, 'one by one')];
    };
    const kinds = [
      { kind: 'sqs', about: 'a FIFO queue', rows: rows() },
      { kind: 'archive', about: 'all', rows: rows(0.01) },
    ];
    expect(DOC_TABLES.get('cost-kinds')?.({ ...RESULTS, kinds })).toEqual([
      [
        'a million events',
        'single: its stage',
        'the service',
        'together',
        'batch: its stage',
        'the service',
        'together',
      ],
      ['sqs: a FIFO queue', '$3.00 to $4.00', '$0.50', '$3.50 to $4.50', '$0.25', '$0.010', '$0.26'],
      ['archive: all', '$3.00 to $4.00', '$0.50', '$3.50 to $4.50', '$0.25', '$0.010', '$0.26'],
      ['archive: kept for a month', '', '$0.030 to $0.040', '$0.030 to $0.040', '', '$0.003', '$0.003'],
    ]);
    expect(DOC_TABLES.get('cost-kinds')?.(RESULTS)).toBeUndefined();
  });

  it('have a name that something makes', () => {
    expect(() => filled('<!-- bench: nothing -->\n<!-- bench: end -->', RESULTS)).toThrow(
      'no table is called nothing',
    );
    for (const page of ['docs/performance.md', 'docs/operating.md', 'README.md'])
      expect(() => filled(readFileSync(page, 'utf8'), RESULTS)).not.toThrow();
  });

  it('are Markdown: a bar in a cell ends none', () => {
    expect(
      toMarkdown([
        ['', 'a'],
        ['b|c', '1'],
      ]),
    ).toBe('|  | a |\n| :-- | --: |\n| b\\|c | 1 |');
  });
});
