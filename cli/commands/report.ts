import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { jsonText } from '../../local/common/terminal.ts';
import { sluiceVersion } from '../../contract/version.ts';
import { examples, whole } from '../arguments.ts';
import { CommandFailure, codeOf, messageOf } from '../failure.ts';
import { addPersonOptions, personOf, refuseWithPerson, type PersonOptions } from '../person.ts';
import { gatherReport, type Report } from '../report.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { complain } from '../terminal.ts';
import { reportText } from '../views/report.ts';

interface Options extends PersonOptions {
  readonly output?: string;
  readonly content?: boolean;
  readonly keys: number;
  readonly force?: boolean;
}

/** Colons are not for file names everywhere. */
const defaultName = (time: string): string =>
  `sluice-report-${time.replace(/\.\d+Z$/, 'Z').replaceAll(':', '-')}.json`;

export const addReport = (program: Command): void => {
  addPersonOptions(addSessionOptions(program.command('report')))
    .description(
      'write a crash report: one JSON file with modes, crashes, versions, counts; no content of events',
    )
    .option('-o, --output <file>', 'where to (default: sluice-report-<time>.json)')
    .option('--keys <n>', 'list at most this many parked keys', whole(1, 10_000), 100)
    .option('--content', "add the parked events' content: it is the users' data")
    .option('--force', 'replace a file that is there')
    .addHelpText(
      'after',
      examples(
        'npx sluice report',
        'npx sluice report --stack Sluice --output incident-12.json',
        'npx sluice report --user ada',
      ),
    )
    .action(
      async ({ output, content = false, keys, force = false, ...options }: Options, command: Command) => {
        const person = personOf(options, command);
        if (person !== undefined) refuseWithPerson(command, ['keys']);
        const { ask, show, view, target } = await openSession(command);
        const versions = { sluice: sluiceVersion(), node: process.version, platform: process.platform };
        const report = await gatherReport(ask, {
          ...(person === undefined ? {} : { person }),
          ...{ keys, content, now: view.now, target, versions },
        });
        const file = output ?? defaultName(report.time);
        await save(file, report, force);
        show({ file, ...summary(report) }, () => reportText(file, report, view));
        if (report.problems.length > 0) {
          complain('The report is not complete.');
          process.exitCode = 1;
        }
      },
    );
};

const summary = ({
  pipeline,
  time,
  history,
  crashes,
  failures,
  lateCrashes,
  parked,
  rejected,
  content,
  problems,
}: Report) => ({
  pipeline,
  time,
  modeChanges: history.length,
  crashes: crashes.length,
  failures: failures.length,
  lateCrashes: lateCrashes.reduce((sum, late) => sum + late.count, 0),
  parkedKeys: parked.keys.length,
  rejectedEvents: rejected.counts.reduce((sum, { events }) => sum + events, 0),
  content: content !== undefined,
  problems,
});

/** For its owner's eyes: it may hold users' data. */
const save = async (file: string, report: Report, force: boolean): Promise<void> => {
  const text = `${jsonText(report, 2)}\n`;
  await writeFile(file, text, { flag: force ? 'w' : 'wx', mode: 0o600 }).catch((error: unknown) => {
    throw new CommandFailure(
      codeOf(error) === 'EEXIST'
        ? `${file} is there already; choose another --output, or replace it with --force`
        : `the report could not be written to ${file}: ${messageOf(error)}`,
      { cause: error },
    );
  });
};
