/** `sluice verify`: the acceptance test of a pipeline that is deployed, or runs on this machine. */
import { InvalidArgumentError, type Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonText } from '../../local/common/terminal.ts';
import { sluiceVersion } from '../../contract/version.ts';
import { examples } from '../arguments.ts';
import { CommandFailure, messageOf } from '../failure.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { colors, complain, print, printJson } from '../terminal.ts';
import { CHECKS } from '../verify/checks.ts';
import { deployer } from '../verify/deploy.ts';
import { openWorld } from '../verify/open-world.ts';
import { receiptMarkdown, receiptOf, type Receipt } from '../verify/receipt.ts';
import { isDrill, NOT_IN_A_DRILL, runChecks } from '../verify/run.ts';
import { checkText, verdictText } from '../views/verify.ts';

interface Options {
  readonly json?: boolean;
  readonly skip: readonly number[];
  readonly receipt?: string;
  readonly drill?: boolean;
  readonly deploy?: string | boolean;
}

/** Numbers of checks, with commas between them. */
const numbers = (text: string): readonly number[] =>
  text.split(',').map((part) => {
    const number = Number(part);
    if (CHECKS.slice(1).some((check) => check.number === number)) return number;
    throw new InvalidArgumentError(
      `Use numbers of checks from 2 to ${CHECKS.length}, with commas between them, as 6,8.`,
    );
  });

/** Small letters and digits; it begins with the time, so that runs are in order. */
const newRun = (now: number): string => `${now.toString(36)}${randomUUID().slice(0, 4)}`;

/** @returns the names of the files */
const save = async (directory: string, receipt: Receipt): Promise<readonly string[]> => {
  const name = `sluice-verify-${receipt.startedAt.replace(/\.\d+Z$/, 'Z').replaceAll(':', '-')}`;
  const texts = { json: `${jsonText(receipt, 2)}\n`, md: receiptMarkdown(receipt) };
  try {
    await mkdir(directory, { recursive: true });
    return await Promise.all(
      Object.entries(texts).map(async ([ending, text]) => {
        const file = join(directory, `${name}.${ending}`);
        await writeFile(file, text);
        return file;
      }),
    );
  } catch (error) {
    throw new CommandFailure(`--receipt: ${directory} cannot be written to: ${messageOf(error)}`, {
      cause: error,
    });
  }
};

export const addVerify = (program: Command): void => {
  addSessionOptions(program.command('verify'))
    .description(
      "try the pipeline by its canary, and no other events: it needs canary: true, and it pages when the canary's stage is degraded",
    )
    .option('--skip <numbers>', 'checks that are not made, as 6,8', numbers, [])
    .option(
      '--drill',
      'leave out what is no drill (check 2), and remember that it passed: the metric DaysSinceDrill',
    )
    .option(
      '--deploy [command]',
      'make the checks 7 and 11, which deploy four times; of a stack by this command, to which -c sluice:canary=... is appended',
    )
    .option('--receipt <directory>', 'write what was found there, as JSON and as Markdown')
    .addHelpText(
      'after',
      examples(
        'npx sluice verify                        # the local run',
        'npx sluice verify --stack Sluice',
        'npx sluice verify --stack Sluice --skip 6  # without a page',
        'npx sluice verify --stack Sluice --drill --receipt receipts',
        "npx sluice verify --stack Sluice --deploy 'npx cdk deploy Sluice --require-approval never'",
      ),
    )
    .action(
      async (
        { json = false, skip, receipt: directory, drill = false, deploy: wanted }: Options,
        command: Command,
      ) => {
        const session = await openSession(command);
        const { target } = session;
        const startedAt = Date.now();
        const run = newRun(startedAt);
        const world = await openWorld(session, run, deployer(wanted, session.stack !== undefined));
        const checks = await runChecks(world, {
          checks: CHECKS,
          skip: drill ? [...skip, ...NOT_IN_A_DRILL] : skip,
          onResult: (result) => {
            if (!json) print(checkText(result, colors));
          },
        });
        const receipt = receiptOf({
          target,
          dataPlaneUrl: world.dataPlaneUrl,
          run,
          drill,
          versions: { sluice: sluiceVersion(), node: process.version },
          checks,
          startedAt,
          endedAt: Date.now(),
          status: await world.ask({ command: 'status' }).catch(() => undefined),
        });
        const files = directory === undefined ? [] : await save(directory, receipt);
        if (json) printJson(receipt);
        else print([verdictText(receipt, colors), ...files].join('\n'));
        if (!receipt.passed) process.exitCode = 1;
        if (!drill) return;
        if (isDrill(checks)) {
          await world.ask({ command: 'canary-set', drilled: true });
          return;
        }
        complain('It does not count as a drill: not every check of one has passed.');
        process.exitCode = 1;
      },
    );
};
