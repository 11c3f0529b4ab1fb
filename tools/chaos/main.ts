/** `npm run chaos`. */
import { randomInt } from 'node:crypto';
import { resultTable } from './audit.ts';
import { parseOptions } from './options.ts';
import { Run } from './run.ts';

const options = parseOptions(process.argv.slice(2), () => randomInt(2 ** 31));
const beganAt = performance.now();

/** With `--json` the standard output has the result and nothing else. */
const say = (line: string): void => {
  const seconds = ((performance.now() - beganAt) / 1_000).toFixed(0).padStart(5);
  (options.json ? process.stderr : process.stdout).write(`${seconds} s  ${line}\n`);
};

const main = async (): Promise<void> => {
  say(`seed ${options.seed}, ${options.kills} kills, ${options.users} users`);
  const run = await Run.create(options, say);
  // On Ctrl-C it must not stay behind.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void run.close().finally(() => process.exit(130)));
  try {
    const result = await run.go();
    process.stdout.write(
      options.json ? `${JSON.stringify(result, undefined, 2)}\n` : `\n${resultTable(result)}\n`,
    );
    if (result.problems.length === 0) return;
    process.stderr.write(
      `\n${result.problems.join('\n')}\n\nThe local run's last words:\n${await run.log()}\n`,
    );
    process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`seed ${options.seed}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await run.close();
  }
};

await main();
