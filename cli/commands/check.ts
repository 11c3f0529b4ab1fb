import { Option, type Command } from 'commander';
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import { secretsFile } from '../../local/secrets-manager/service.ts';
import { readSettings } from '../../local/common/settings.ts';
import { examples, whole } from '../arguments.ts';
import { readFixtures } from '../check/fixtures.ts';
import { parkedEvents, rejectedEvents, type KeptEventsReader } from '../check/kept-events.ts';
import { chooseStages, readPipeline, type CheckedStage } from '../check/pipeline.ts';
import { hasCrashed, readSecrets, runFromSdk, runner, type Run, type StageCheck } from '../check/run.ts';
import { SAMPLES } from '../check/samples.ts';
import { CommandFailure } from '../failure.ts';
import { addSessionOptions, openSession, type SessionOptions } from '../session.ts';
import { jsonText } from '../../local/common/terminal.ts';
import { colors, complain, print } from '../terminal.ts';
import { checkText } from '../views/check.ts';

interface Options extends SessionOptions {
  readonly fixtures?: string;
  readonly from?: 'parked' | 'rejected';
  readonly limit: number;
}

const READERS: Readonly<Record<NonNullable<Options['from']>, KeptEventsReader>> = {
  parked: parkedEvents,
  rejected: rejectedEvents,
};

export const addCheck = (program: Command): void => {
  addSessionOptions(program.command('check'))
    .description('run the transforms on events, as their functions would, and print what comes out')
    .argument('[stage...]', "a destination's id, or router; without it every stage with a transform")
    .option('--fixtures <dir>', "events of this directory's *.json files, instead of one sample of each type")
    .addOption(
      new Option('--from <where>', 'events that the pipeline keeps')
        .choices(Object.keys(READERS))
        .conflicts('fixtures'),
    )
    .option('-n, --limit <events>', 'with --from: at most this many events of a stage', whole(1, 1_000), 50)
    .addHelpText(
      'after',
      examples(
        'npx sluice check',
        'npx sluice check router --fixtures test/events',
        'npx sluice check crm --from parked --stack Sluice',
      ),
    )
    .action(async (wanted: readonly string[], options: Options, command: Command) => {
      const { from, stack, region, profile } = options;
      if (from === undefined && (stack ?? region ?? profile) !== undefined)
        command.error('error: --stack, --region and --profile belong to --from', { exitCode: 2 });
      const settings = readSettings(process.env, process.cwd());
      const pipeline = await readPipeline(settings);
      for (const warning of pipeline.warnings) complain(warning);
      const stages = chooseStages(pipeline, wanted);
      const isUsed = (stage: CheckedStage): boolean =>
        stages.includes(stage) || (from === undefined && stage.id === ROUTER_STAGE);
      const secrets = await readSecrets(pipeline.stages.filter(isUsed), settings.dataDir);
      const run = runner(pipeline.program, secrets.values);
      const now = new Date().toISOString();
      const checks =
        from === undefined
          ? await runFromSdk(
              pipeline,
              stages,
              {
                events: options.fixtures === undefined ? SAMPLES : await readFixtures(options.fixtures, now),
                receivedAt: now,
              },
              run,
            )
          : await runKept(stages, from, options.limit, command, run);
      const missing = { missing: secrets.missing, file: secretsFile(settings.dataDir) };
      print(
        options.json === true
          ? jsonText({ stages: checks, missingSecrets: secrets.missing }, 2)
          : checkText(checks, { colors }, missing),
      );
      if (checks.some(hasCrashed)) process.exitCode = 1;
    });
};

/** @throws CommandFailure when nothing is kept of any of these stages */
const runKept = async (
  stages: readonly CheckedStage[],
  from: NonNullable<Options['from']>,
  limit: number,
  command: Command,
  run: Run,
): Promise<readonly StageCheck[]> => {
  const { ask } = await openSession(command);
  const checks: StageCheck[] = [];
  for (const stage of stages) {
    const { events, transformed, leftOut } = await READERS[from](ask, stage, limit);
    if (events.length + leftOut === 0) continue;
    checks.push({
      ...(await run(stage, events)),
      ...(transformed === 0 ? {} : { transformed }),
      ...(leftOut === 0 ? {} : { leftOut }),
    });
  }
  if (checks.length > 0) return checks;
  const names = stages.map(({ id }) => id).join(', ');
  throw new CommandFailure(
    `nothing is ${from} in ${names}; leave out --from to run sample events, or give --fixtures <dir>`,
  );
};
