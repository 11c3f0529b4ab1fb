import { describe, expect, it } from '@jest/globals';
import { growthOf, HEAP_MARGIN, type Sample } from '../../../tools/bench/sandbox/growth.ts';
import { endsTable } from '../../../tools/bench/sandbox/report.ts';

const sample = (ends: number, more: Partial<Sample> = {}): Sample => ({
  ends,
  heapBytes: 4_000_000,
  residentBytes: 60_000_000,
  threads: 12,
  handles: 3,
  ports: 2,
  ...more,
});

describe('what the ends of threads leave behind', () => {
  it('is nothing when the counts stay and the heap stays within the margin', () => {
    const last = sample(10_000, { heapBytes: 4_000_000 + HEAP_MARGIN, residentBytes: 90_000_000 });
    expect(growthOf([sample(1_000), last])).toEqual([]);
    expect(growthOf([sample(1_000, { threads: 13, handles: 4 }), sample(10_000)])).toEqual([]);
  });

  it.each([
    ['threads', { threads: 13 }, 'threads grew from 12 to 13 between 1000 and 10000 ends'],
    ['handles', { handles: 4 }, 'handles grew from 3 to 4 between 1000 and 10000 ends'],
    ['ports', { ports: 3 }, 'ports grew from 2 to 3 between 1000 and 10000 ends'],
    [
      'the heap',
      { heapBytes: 4_000_001 + HEAP_MARGIN },
      'the heap grew from 3.8 to 8.8 MB between 1000 and 10000 ends',
    ],
  ])('is seen in %s, at the last sample', (_, grown, line) => {
    expect(growthOf([sample(1_000), sample(5_000, grown), sample(10_000, grown)])).toEqual([line]);
    expect(growthOf([sample(1_000), sample(5_000, grown), sample(10_000)])).toEqual([]);
  });

  it('is not sought in threads where they cannot be counted', () => {
    const unknown = { threads: undefined };
    expect(growthOf([sample(1_000, unknown), sample(10_000, unknown)])).toEqual([]);
    expect(endsTable([sample(1_000, unknown)])).toMatch(/^1000 +3\.8 +57\.2 +n\/a +3 +2$/m);
  });
});
