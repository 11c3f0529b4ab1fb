/** The commands that are about this machine alone. */
import type { Command } from 'commander';
import { readRunFile } from '../../local/run/run-file.ts';
import { UsageError } from '../../local/common/settings.ts';
import { examples, whole } from '../arguments.ts';
import { startListener } from '../listen.ts';
import { localDataDir } from '../local-data-dir.ts';
import { complain, print } from '../terminal.ts';

const redeploy = async ({ unchecked = false }: { unchecked?: boolean }): Promise<void> => {
  const { consoleUrl } = await readRunFile(await localDataDir());
  const url = `${consoleUrl}/api/redeploy${unchecked ? '?unchecked=true' : ''}`;
  const response = await fetch(url, { method: 'POST' }).catch((error: unknown) => {
    throw new UsageError(`the local run does not answer at ${consoleUrl}; start it with npm start`, {
      cause: error,
    });
  });
  const { error, warnings = [] } = (await response.json()) as {
    error?: string;
    warnings?: readonly string[];
  };
  if (response.status === 422) throw new UsageError(`${error ?? 'refused'}\nNothing was changed.`);
  if (error !== undefined)
    throw new UsageError(`${error}\nThe deployment was interrupted. Run it again, or restart npm start.`);
  for (const warning of warnings) complain(warning);
  print('Deployed: the functions run the new code.');
};

export const addLocal = (program: Command): void => {
  program
    .command('redeploy')
    .description(
      'synthesize again, and give the running local pipeline the new code, as `cdk deploy` does on AWS',
    )
    .option('--unchecked', 'deploy a transform although it does not load')
    .addHelpText('after', examples('npx sluice redeploy', 'npx sluice redeploy --unchecked'))
    .action(redeploy);

  program
    .command('listen')
    .description('be a destination on this machine: print each event that arrives')
    .option('-p, --port <port>', 'the port to listen on', whole(1, 65_535), 9000)
    .option(
      '-s, --status <status>',
      'the status of every answer, to see what a failing destination does',
      whole(200, 599),
      200,
    )
    .option('--json', 'print events as JSON, one a line')
    .addHelpText('after', examples('npx sluice listen', 'npx sluice listen --port 9001 --status 503'))
    .action(async ({ json = false, ...options }: { port: number; status: number; json?: boolean }) => {
      const { url } = await startListener({ ...options, json, print });
      if (!json) print(`Listening on ${url}. Stop with Ctrl-C.`);
    });
};
