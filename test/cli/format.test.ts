import { describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import {
  ago,
  ahead,
  bytes,
  count,
  iso,
  isoAgo,
  line,
  plain,
  plural,
  stackLines,
  version,
} from '../../cli/format.ts';
import { table, tableLines } from '../../cli/tables.ts';
import { NOW } from './fixtures.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const none = pc.createColors(false);

describe('times', () => {
  it.each([
    [0, 'just now'],
    [-5 * MINUTE, 'just now'],
    [SECOND, '1 s ago'],
    [MINUTE - 1, '59 s ago'],
    [MINUTE, '1 min ago'],
    [12 * MINUTE + 59 * SECOND, '12 min ago'],
    [2 * HOUR - 1, '119 min ago'],
    [2 * HOUR, '2 h ago'],
    [2 * DAY - 1, '47 h ago'],
    [2 * DAY, '2 d ago'],
    [400 * DAY, '400 d ago'],
  ])('%d ms back: %s', (milliseconds, text) => {
    expect(ago(NOW - milliseconds, NOW)).toBe(text);
  });

  it.each([
    [4 * MINUTE, 'in 4 min'],
    [30 * SECOND, 'in 30 s'],
    [0, 'due'],
    [-HOUR, 'due'],
  ])('%d ms ahead: %s', (milliseconds, text) => {
    expect(ahead(NOW + milliseconds, NOW)).toBe(text);
  });

  it('are exact in ISO 8601, to the second', () => {
    expect(iso(NOW + 7)).toBe('2026-11-22T21:52:00Z');
    expect(isoAgo(NOW - 12 * MINUTE, NOW)).toBe('2026-11-22T21:40:00Z (12 min ago)');
  });
});

describe('amounts', () => {
  it.each([
    [0, '0'],
    [1204, '1,204'],
    [999_999, '999,999'],
    [1_000_000, '1M'],
    [12_345_678, '12.35M'],
  ])('%d: %s', (value, text) => {
    expect(count(value)).toBe(text);
  });

  it('have a singular and a plural', () => {
    expect([0, 1, 2000].map((value) => plural(value, 'key'))).toEqual(['0 keys', '1 key', '2,000 keys']);
    expect([1, 2].map((value) => plural(value, 'crash', 'crashes'))).toEqual(['1 crash', '2 crashes']);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1234, '1.2 KB'],
    [245_760, '240 KB'],
  ])('%d bytes: %s', (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it('a code version is shortened to the part that people compare', () => {
    expect([version('3f2a9c0d11e87b64a0c5'), version('')]).toEqual(['3f2a9c0d11e8', 'unknown']);
  });
});

describe('texts from outside', () => {
  it('cannot move the cursor, set colours, ring the bell, or change the title of the terminal', () => {
    expect(plain('a\u001b[31mred\u001b[0m\u001b]0;title\u0007b\u0007\u0000c\u0085\r\nd\te')).toBe(
      'aredbc\nd  e',
    );
  });

  it('fit one line', () => {
    expect(line(' Error:\n  boom\r\n ', 80)).toBe('Error: boom');
    expect(line('x'.repeat(10), 10)).toBe('x'.repeat(10));
    expect(line('x'.repeat(11), 10)).toBe(`${'x'.repeat(9)}…`);
    expect(line('👩‍👩‍👧'.repeat(3), 2)).toBe('👩‍👩‍👧…');
  });

  it('as a stack: show the first calls, without the message', () => {
    const stack =
      'Error: at a bad time\nsecond line\n    at a (x.mjs:1:2)\n    at b (x.mjs:3:4)\n    at c (y.mjs:5:6)';
    expect(stackLines(stack, 2, 80)).toEqual(['at a (x.mjs:1:2)', 'at b (x.mjs:3:4)']);
    expect(stackLines(undefined, 2, 80)).toEqual([]);
  });

  it('as a stack: keep the end of a long path', () => {
    const stack = `    at send (/a/${'long/'.repeat(20)}x.mjs:12:34)\n    at /b/${'long/'.repeat(20)}y.mjs:5:6`;
    expect(stackLines(stack, 2, 30)).toEqual([
      'at send (…ng/long/x.mjs:12:34)',
      'at …g/long/long/long/y.mjs:5:6',
    ]);
    expect(stackLines(`    at ${'f'.repeat(40)} (x.mjs:1:2)`, 1, 30)).toEqual([`at ${'f'.repeat(26)}…`]);
  });
});

describe('tables', () => {
  const columns = [{ head: 'stage' }, { head: 'parked\nkeys', align: 'right' as const }];
  const rows = [
    ['router', '5'],
    ['crm', '1,204'],
  ];

  it('have aligned columns, headers on the last line, and no borders', () => {
    expect(table(columns, rows, none, 2)).toEqual([
      '          parked',
      '  stage     keys',
      '  router       5',
      '  crm      1,204',
    ]);
  });

  it('distinguish headers from rows', () => {
    const { head, rows: lines } = tableLines(columns, rows, none);
    expect([head.length, lines.length]).toEqual([2, 2]);
  });

  it('keep the columns aligned when cells have colours', () => {
    const painted = pc.createColors(true);
    const lines = table(
      columns,
      [
        [painted.red('router'), '5'],
        ['crm', painted.red('1,204')],
      ],
      none,
    );
    expect(lines.slice(2)).toEqual([`${painted.red('router')}       5`, `crm      ${painted.red('1,204')}`]);
  });
});
