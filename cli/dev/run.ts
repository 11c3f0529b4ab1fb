/** The local run, its sources watched, and what happens in it a line at a time. */
import { relative } from 'node:path';
import { UsageError, type Settings } from '../../local/common/settings.ts';
import { plain, printable } from '../../local/common/terminal.ts';
import type { LocalRun } from '../../local/run/run.ts';
import { CommandFailure, codeOf, messageOf } from '../failure.ts';
import { colors, complain, print } from '../terminal.ts';
import { attend, localDestinations } from './listeners.ts';
import { progressOf, progressText } from './progress.ts';
import { watchSources } from './watch.ts';

/** Milliseconds between two looks at what went through. */
const LOOK = 2_000;

/** The local run's stores, which who only deploys does not install. */
const NEEDED = 'dynalite libsql @aws-sdk/client-dynamodb';

/** Loaded only here: no other command needs the local cloud. @throws CommandFailure when its packages are not installed */
const loadLocalRun = async () => {
  try {
    const [{ startLocalRun }, { banner }] = await Promise.all([
      import('../../local/run/run.ts'),
      import('../../local/run/banner.ts'),
    ]);
    return { startLocalRun, banner };
  } catch (error) {
    if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(codeOf(error))) throw error;
    throw new CommandFailure(
      `a package of the local run is not installed: ${messageOf(error).replace(/\n[^]*/, '')}\n` +
        `Install what it needs: npm install --save-dev ${NEEDED}`,
      { cause: error },
    );
  }
};

const time = (): string => colors.dim(new Date().toISOString().slice(11, 19));

const say = (line: string): void => print(`${time()}  ${line}`);

const seconds = (began: number): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;

export interface DevOptions {
  /** What is watched. */
  readonly root: string;
  /** Whether destinations on this machine are stood in for where nobody listens. */
  readonly listens: boolean;
  /** For people. */
  readonly dataDir: string;
}

/** Resolves when it is stopped with Ctrl-C. @throws UsageError, CommandFailure when it cannot start */
export const runDev = async (settings: Settings, { root, listens, dataDir }: DevOptions): Promise<void> => {
  const { startLocalRun, banner } = await loadLocalRun();
  print('Starting ...');
  const began = performance.now();
  const run = await startLocalRun(settings, (source, line) =>
    complain(`${time()}  ${colors.yellow(source)} ${plain(line)}`),
  );
  print(printable(banner(run, dataDir, true)));
  const { lines, listeners } = await attend(localDestinations(run.pipeline), listens, print);
  for (const line of lines) print(line);
  say(`ready after ${seconds(began)}; watching ${relative(process.cwd(), root) || '.'}`);
  const watching = watchSources(root, settings.dataDir, (changed) => takeUp(run, changed));
  const stopLooking = lookAt(run);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  // A second Ctrl-C is for a user who cannot wait; what is in flight is redelivered at the next start.
  process.once('SIGINT', () => process.exit(130));
  print('Stopping ...');
  try {
    stopLooking();
    await watching.close();
    await Promise.all(listeners.map((listener) => listener.close()));
  } finally {
    await run.close();
  }
};

/** What runs stays as it was when a change is refused: the next one may fix it. */
const takeUp = async (run: LocalRun, changed: readonly string[]): Promise<void> => {
  const began = performance.now();
  const names = changed.map((file) => relative(process.cwd(), file)).join(', ');
  try {
    const swapped = await run.takeUp(changed);
    const what =
      swapped === undefined ? 'the pipeline is deployed again' : `new code of ${swapped.join(', ')}`;
    say(`${names} changed: ${what} (${seconds(began)})`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`${colors.red('not deployed')}: ${names} changed, and\n${error.message}`);
  }
};

/** @returns what ends it */
const lookAt = (run: LocalRun): (() => void) => {
  const from = Date.now();
  let last = '';
  const timer = setInterval(() => {
    const progress = progressOf(run.flow(from));
    const text = progressText(progress);
    if (text !== last && progress.accepted > 0) say(colors.dim(text));
    last = text;
  }, LOOK);
  return () => clearInterval(timer);
};
