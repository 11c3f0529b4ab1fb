import type { Command } from 'commander';
import { secretsFile } from '../../local/secrets-manager/service.ts';
import { readSettings } from '../../local/common/settings.ts';
import { examples, words } from '../arguments.ts';
import { chooseSource, explain } from '../check/explain.ts';
import { readEvents } from '../check/fixtures.ts';
import { readPipeline } from '../check/pipeline.ts';
import { planCheck } from '../check/plan.ts';
import { readSecrets, runner } from '../check/run.ts';
import type { CheckedEvent } from '../../contract/transform-check.ts';
import { isOf } from '../../lambdas/core/event/subject.ts';
import { CommandFailure } from '../failure.ts';
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import { jsonText } from '../../local/common/terminal.ts';
import { colors, complain, print } from '../terminal.ts';
import { explainText } from '../views/explain.ts';

interface Options {
  readonly source?: string;
  readonly user?: string;
  readonly anonymousId?: string;
  readonly json?: boolean;
}

/** As erase and find go by them: the ids of each event. @throws CommandFailure when none is the user's */
const ofUser = (events: readonly CheckedEvent[], { user, anonymousId }: Options): readonly CheckedEvent[] => {
  if (user === undefined && anonymousId === undefined) return events;
  const subject = { sourceId: '', userId: user, anonymousId };
  // What a file has is JSON.
  const found = events.filter((event) => isOf(event as unknown as Parameters<typeof isOf>[0], subject));
  if (found.length === 0) throw new CommandFailure('none of the events is of that user');
  return found;
};

export const addExplain = (program: Command): void => {
  program
    .command('explain')
    .description('say which destinations get an event, and which rule keeps it from the others')
    .argument(
      '<file>',
      "an event, a list of events, or the body of an SDK's request, as JSON; - reads standard input",
    )
    .option('--source <id>', 'the source that it comes from, if it is not the first of the configuration')
    .option('--user <userId>', 'of the events, those of a user alone, by userId', words)
    .option('--anonymous-id <anonymousId>', '... or by anonymousId', words)
    .option('--json', 'print the result as JSON, for programs')
    .addHelpText(
      'after',
      examples(
        'npx sluice explain event.json',
        'npx sluice explain event.json --source app',
        'npx sluice explain batch.json --user ada',
        `echo '{"userId":"ada","integrations":{"All":false}}' | npx sluice explain -`,
      ),
    )
    .action(async (file: string, options: Options) => {
      const now = new Date().toISOString();
      const events = ofUser(await readEvents(file, now), options);
      const settings = readSettings(process.env, process.cwd());
      const pipeline = await readPipeline(settings);
      const source = chooseSource(pipeline, options.source);
      const secrets = await readSecrets(
        pipeline.stages.filter(({ id }) => id === ROUTER_STAGE),
        settings.dataDir,
      );
      const asked = { events, source, receivedAt: now };
      const violates = await planCheck(pipeline.plans, source);
      const explanations = await explain(pipeline, asked, runner(pipeline.program, secrets.values), violates);
      for (const name of secrets.missing)
        complain(`The secret ${name} has no value in ${secretsFile(settings.dataDir)}.`);
      print(
        options.json === true ? jsonText({ events: explanations }, 2) : explainText(explanations, { colors }),
      );
      if (explanations.some(({ crash }) => crash !== undefined)) process.exitCode = 1;
    });
};
