import type { Command } from 'commander';
import { secretsFile } from '../../local/secrets-manager/service.ts';
import { readSettings } from '../../local/common/settings.ts';
import { examples } from '../arguments.ts';
import { chooseSource, explain } from '../check/explain.ts';
import { readEvents } from '../check/fixtures.ts';
import { readPipeline } from '../check/pipeline.ts';
import { readSecrets, runner } from '../check/run.ts';
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import { jsonText } from '../../local/common/terminal.ts';
import { colors, complain, print } from '../terminal.ts';
import { explainText } from '../views/explain.ts';

interface Options {
  readonly source?: string;
  readonly json?: boolean;
}

export const addExplain = (program: Command): void => {
  program
    .command('explain')
    .description('say which destinations get an event, and which rule keeps it from the others')
    .argument(
      '<file>',
      "an event, a list of events, or the body of an SDK's request, as JSON; - reads standard input",
    )
    .option('--source <id>', 'the source that it comes from, if it is not the first of the configuration')
    .option('--json', 'print the result as JSON, for programs')
    .addHelpText(
      'after',
      examples(
        'npx sluice explain event.json',
        'npx sluice explain event.json --source app',
        `echo '{"userId":"ada","integrations":{"All":false}}' | npx sluice explain -`,
      ),
    )
    .action(async (file: string, options: Options) => {
      const now = new Date().toISOString();
      const events = await readEvents(file, now);
      const settings = readSettings(process.env, process.cwd());
      const pipeline = await readPipeline(settings);
      const source = chooseSource(pipeline, options.source);
      const secrets = await readSecrets(
        pipeline.stages.filter(({ id }) => id === ROUTER_STAGE),
        settings.dataDir,
      );
      const asked = { events, source, receivedAt: now };
      const explanations = await explain(pipeline, asked, runner(pipeline.program, secrets.values));
      if (pipeline.planned.includes(source))
        complain(
          `The tracking plan of the source ${source} is not applied here: an event that violates it may be rejected, or go to fewer destinations.`,
        );
      for (const name of secrets.missing)
        complain(`The secret ${name} has no value in ${secretsFile(settings.dataDir)}.`);
      print(
        options.json === true ? jsonText({ events: explanations }, 2) : explainText(explanations, { colors }),
      );
      if (explanations.some(({ crash }) => crash !== undefined)) process.exitCode = 1;
    });
};
