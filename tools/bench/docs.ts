/** Writes the tables of the documentation: what stands between `<!-- bench: name -->` and `<!-- bench: end -->`. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { Rows } from '../driver/table.ts';
import { DOC_TABLES, originOf } from './docs-tables.ts';
import type { Results } from './results.ts';

const PAGES = ['docs/performance.md', 'docs/operating.md', 'README.md'];
const ROOT = new URL('../../', import.meta.url);

const PLACE = /<!-- bench: ([\w-]+) -->\n[^]*?<!-- bench: end -->/g;

const escaped = (cell: string): string => cell.replaceAll('|', '\\|');

export const toMarkdown = (rows: Rows): string => {
  const [head = [], ...others] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? ':--' : '--:'))), ...others.map(line)].join('\n');
};

/**
 * Exported for its test.
 * @returns the text, and the names of the tables that were written
 * @throws Error that names a table which nothing makes
 */
export const filled = (
  text: string,
  results: Results,
): { readonly text: string; readonly written: readonly string[] } => {
  const written: string[] = [];
  const replaced = text.replaceAll(PLACE, (place, name: string) => {
    const make = DOC_TABLES.get(name);
    if (make === undefined)
      throw new Error(`no table is called ${name}; there are ${[...DOC_TABLES.keys()].join(', ')}`);
    const made = make(results);
    // What was not measured stays as it is.
    if (made === undefined) return place;
    written.push(name);
    return [`<!-- bench: ${name} -->`, toMarkdown(made), originOf(name, results), '<!-- bench: end -->'].join(
      '\n\n',
    );
  });
  return { text: replaced, written };
};

/** @returns a line for each page that was written */
export const writeDocs = async (results: Results): Promise<readonly string[]> => {
  const lines: string[] = [];
  for (const page of PAGES) {
    const path = fileURLToPath(new URL(page, ROOT));
    const { text, written } = filled(await readFile(path, 'utf8'), results);
    if (written.length === 0) continue;
    const options = await resolveConfig(path);
    await writeFile(path, await format(text, { ...options, filepath: path }));
    lines.push(`${page}: ${written.join(', ')}`);
  }
  return lines.length > 0 ? lines : ['no table of the documentation is made of these results'];
};
