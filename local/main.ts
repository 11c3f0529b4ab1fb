/** `npm start`. */
import { relative } from 'node:path';
import pc from 'picocolors';
import { ConfigError } from '../config/index.ts';
import { banner } from './run/banner.ts';
import { startLocalRun } from './run/run.ts';
import { readSettings, UsageError } from './common/settings.ts';
import { plain, printable } from './common/terminal.ts';

const onTrouble = (source: string, line: string): void => {
  process.stderr.write(`${pc.yellow(source)} ${plain(line)}\n`);
};

const main = async (): Promise<void> => {
  // Node 20 is enough for this; the AWS SDK's advice to move on would be the first thing that a newcomer reads.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const settings = readSettings(process.env, process.cwd());
  process.stdout.write('Starting ...\n');
  const run = await startLocalRun(settings, onTrouble);
  process.stdout.write(`${printable(banner(run, relative(process.cwd(), settings.dataDir)))}\n`);
  let stopping = false;
  const stop = (): void => {
    // A second Ctrl-C is for a user who cannot wait; what is in flight is redelivered at the next start.
    if (stopping) process.exit(130);
    stopping = true;
    process.stdout.write('Stopping ...\n');
    run.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
};

try {
  await main();
} catch (error) {
  // What the user can fix is said in a line or two; a stack would only hide it.
  const known = error instanceof UsageError || error instanceof ConfigError;
  const text = known
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`${plain(text)}\n`);
  process.exit(1);
}
