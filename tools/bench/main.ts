/** `npm run bench`. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closeAll } from './closing.ts';
import { writeDocs } from './docs.ts';
import { parseOptions } from './options.ts';
import { measureEverything, type Results } from './results.ts';

const RESULTS = fileURLToPath(new URL('results', import.meta.url));

// The SDK's clients say so in the middle of a table.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const main = async (): Promise<void> => {
  const options = parseOptions(process.argv.slice(2));
  if (typeof options.writeDocs === 'string') {
    const results = JSON.parse(await readFile(options.writeDocs, 'utf8')) as Results;
    for (const line of await writeDocs(results)) print(line);
    return;
  }
  const { results, tables, faults } = await measureEverything(options, RESULTS, print);
  for (const table of tables) print(`\n${table}`);
  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `${results.startedAt.replaceAll(':', '-')}.json`);
  await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`);
  print(`\n${relative(process.cwd(), file)}`);
  if (options.writeDocs) for (const line of await writeDocs(results)) print(line);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void closeAll().finally(() => process.exit(130));
  });
}
try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
