/** The commands that are about this machine alone. */
import type { Command } from 'commander';
import { examples, whole } from '../arguments.ts';
import { startListener } from '../listen.ts';
import { redeployLocal } from '../redeploy.ts';
import { complain, print } from '../terminal.ts';

const redeploy = async (options: { unchecked?: boolean }): Promise<void> => {
  for (const warning of await redeployLocal(options)) complain(warning);
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
