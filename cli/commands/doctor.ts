/** `sluice doctor`: what is wrong around a pipeline, before the first deployment and after it. It changes nothing. */
import { InvalidArgumentError, type Command } from 'commander';
import { readSettings } from '../../local/common/settings.ts';
import { examples } from '../arguments.ts';
import { openLocalWorld } from '../doctor/local-world.ts';
import { ACCOUNT_CHECKS, CHECKS, examine, isWrong } from '../doctor/run.ts';
import type { World } from '../doctor/world.ts';
import { localDataDir } from '../local-data-dir.ts';
import { colors, print, printJson } from '../terminal.ts';
import { resultText, summaryText } from '../views/doctor.ts';

type Context = Readonly<Record<string, string>>;

interface Options {
  readonly stack?: string;
  readonly account?: boolean;
  readonly region?: string;
  readonly profile?: string;
  readonly app?: string;
  readonly pipeline?: string;
  readonly context: Context;
  readonly json?: boolean;
}

const oneMore = (text: string, before: Context): Context => {
  const [, name, value] = /^([^=]+)=([^]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('Use name=value, as stackName=Staging.');
  return { ...before, [name]: value };
};

const openWorld = async ({ stack, account, region, profile, ...options }: Options): Promise<World> => {
  const { app, pipeline, context } = options;
  const cwd = process.cwd();
  const settings = {
    ...readSettings(process.env, cwd),
    ...(app === undefined ? {} : { app }),
    ...(pipeline === undefined ? {} : { pipeline }),
  };
  const from = { settings, cwd, context };
  if (stack === undefined && account !== true) return openLocalWorld(await localDataDir(), from);
  // Loaded only here: no other command needs all of these clients.
  const { awsWorld } = await import('../doctor/aws-world.ts');
  return awsWorld({ stack, region, profile }, from);
};

const targetOf = ({ stack, account }: Options): string =>
  stack === undefined ? (account === true ? 'account' : 'local run') : `stack ${stack}`;

export const addDoctor = (program: Command): void => {
  program
    .command('doctor')
    .description('look for what is wrong around a pipeline: quotas, secrets, subscriptions, alarms, drift')
    .option('--stack <name>', 'the pipeline of this stack on AWS; without it and --account, the local run')
    .option('--account', 'the account, before the first deployment of what is configured here')
    .option('--region <region>', 'the region, if it is not the default one')
    .option('--profile <profile>', 'the AWS profile, if it is not the default one')
    .option('--app <command>', 'the CDK app that is deployed (default: that of cdk.json)')
    .option('--pipeline <path>', "the path of the pipeline's construct, where the app has several")
    .option('-c, --context <name=value>', 'for the app, as with cdk deploy; repeat it for more', oneMore, {})
    .option('--json', 'print the result as JSON, for programs')
    .addHelpText(
      'after',
      examples(
        'npx sluice doctor --account           # before the first deployment',
        'npx sluice doctor --stack Sluice',
        'npx sluice doctor --stack Staging -c stackName=Staging',
        'npx sluice doctor                     # the local run',
      ),
    )
    .action(async (options: Options, command: Command) => {
      const { stack, account, region, profile, json = false } = options;
      const wrongUsage = (text: string): never => command.error(`error: ${text}`, { exitCode: 2 });
      if (stack !== undefined && account === true) wrongUsage('use one of --stack and --account');
      if ((stack ?? account) === undefined && (region ?? profile) !== undefined)
        wrongUsage('--region and --profile belong to --stack <name> or --account');
      const world = await openWorld(options);
      const target = targetOf(options);
      const results = await examine(world, account === true ? ACCOUNT_CHECKS : CHECKS, (result) => {
        if (!json) print(resultText(result, colors));
      });
      if (json) {
        const checks = results.map(({ finding, ...rest }) => ({ ...rest, ...finding }));
        printJson({ target, wrong: isWrong(results), checks });
      } else print(summaryText(target, results, colors));
      if (isWrong(results)) process.exitCode = 1;
    });
};
