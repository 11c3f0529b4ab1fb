/** Tables without borders, for people. Pure. */
import Table from 'cli-table3';
import type { Colors } from './terminal.ts';

/** What every table fits in: a terminal next to an editor. */
export const WIDTH = 100;

export interface Column {
  /** Several lines are fine. */
  readonly head: string;
  readonly align?: 'left' | 'right';
}

export interface Lines {
  readonly head: readonly string[];
  /** One for each row: further lines about a row can be put under it. */
  readonly rows: readonly string[];
}

const GAP = '  ';
const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: GAP,
};

/** @param rows a cell for each column; cells are single lines, and may have colours */
export const tableLines = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  colors: Colors,
): Lines => {
  const table = new Table({
    chars: NO_BORDERS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: columns.map(({ align }) => align ?? 'left'),
  });
  const heads = columns.map(({ head }) => head.split('\n'));
  const height = Math.max(...heads.map((lines) => lines.length));
  // Heads stand on the first row, whatever their height.
  for (let i = 0; i < height; i += 1) {
    table.push(heads.map((lines) => colors.dim(lines[i - height + lines.length] ?? '')));
  }
  table.push(...rows.map((row) => [...row]));
  const lines = table
    .toString()
    .split('\n')
    .map((text) => text.trimEnd());
  return { head: lines.slice(0, height), rows: lines.slice(height) };
};

/** @returns the table's lines, indented by `indent` spaces */
export const table = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  colors: Colors,
  indent = 0,
): readonly string[] => {
  const { head, rows: body } = tableLines(columns, rows, colors);
  return [...head, ...body].map((text) => ' '.repeat(indent) + text);
};
