/** `sluice dev`: the local run of a pipeline that someone is writing. */
import { relative } from 'node:path';
import type { Command } from 'commander';
import { readSettings } from '../../local/common/settings.ts';
import { appOf } from '../../local/run/app.ts';
import { examples, whole } from '../arguments.ts';
import { runDev } from '../dev/run.ts';

interface Options {
  readonly app?: string;
  readonly pipeline?: string;
  readonly config?: string;
  readonly port?: number;
  readonly consolePort?: number;
  readonly listen: boolean;
}

const port = whole(0, 65_535);

/** As the settings have them in the environment. */
const asEnvironment = ({ app, pipeline, config, port, consolePort }: Options): NodeJS.ProcessEnv => ({
  ...(app !== undefined && { SLUICE_APP: app }),
  ...(pipeline !== undefined && { SLUICE_PIPELINE: pipeline }),
  ...(config !== undefined && { SLUICE_CONFIG: config }),
  ...(port !== undefined && { SLUICE_PORT: String(port) }),
  ...(consolePort !== undefined && { SLUICE_CONSOLE_PORT: String(consolePort) }),
});

export const addDev = (program: Command): void => {
  program
    .command('dev')
    .description('run the pipeline on this machine, and take up each change of its sources')
    .option(
      '--app <command>',
      'a CDK app with an EventPipeline in it (default: that of cdk.json, where there is no sluice.config.ts)',
    )
    .option('--pipeline <path>', "the path of the pipeline's construct, where the app has several")
    .option('--config <file>', 'the configuration (default: sluice.config.ts, or SLUICE_CONFIG)')
    .option('--port <port>', 'of the data plane (default: 8080, or SLUICE_PORT)', port)
    .option('--console-port <port>', 'of the console (default: 8090, or SLUICE_CONSOLE_PORT)', port)
    .option('--no-listen', 'do not stand in for destinations on this machine where nobody listens')
    .addHelpText(
      'after',
      examples(
        'npx sluice dev',
        "npx sluice dev --app 'npx tsx app.ts'",
        "npx sluice dev --app 'npx tsx app.ts' --pipeline Shop/Events",
      ),
    )
    .action(async (options: Options) => {
      const cwd = process.cwd();
      const named = readSettings({ ...process.env, ...asEnvironment(options) }, cwd);
      const settings = { ...named, ...(await appOf(named, cwd)) };
      await runDev(settings, {
        root: cwd,
        listens: options.listen,
        dataDir: relative(cwd, settings.dataDir),
      });
    });
};
