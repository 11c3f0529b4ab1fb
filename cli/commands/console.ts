/** `console`: the page of the local run, for a pipeline on AWS. */
import type { Command } from 'commander';
import { readRunFile } from '../../local/run/run-file.ts';
import { examples, whole } from '../arguments.ts';
import { startStackConsole } from '../console/stack-console.ts';
import { startWatch } from '../console/watch.ts';
import { configOf } from '../describe-stack.ts';
import { localDataDir } from '../local-data-dir.ts';
import { addSessionOptions, openSession, type SessionOptions } from '../session.ts';

interface Options extends SessionOptions {
  readonly operate?: boolean;
  readonly port: number;
}

const text = (url: string, stack: string, operates: boolean): string =>
  [
    `The console of the stack ${stack}${operates ? '' : ', which only shows'}: ${url}`,
    'It acts with your AWS credentials for everyone on this machine who has the address. Stop it with Ctrl-C.',
  ].join('\n');

export const addConsole = (program: Command): void => {
  addSessionOptions(program.command('console'))
    .description('show a pipeline on AWS in the browser, as the local run is shown; prints the address')
    .option('--operate', 'with the commands that change something; without it, it only shows')
    .option(
      '--port <port>',
      'the port to listen on, on this machine; 0 takes any free one',
      whole(0, 65_535),
      0,
    )
    .addHelpText(
      'after',
      examples(
        'npx sluice console --stack Sluice',
        'npx sluice console --stack Sluice --operate --port 8091',
      ),
    )
    .action(async ({ stack, operate = false, port }: Options, command: Command) => {
      const { ask, show, view, options, stack: aws } = await openSession(command);
      if (stack === undefined || aws === undefined) {
        const { consoleUrl } = await readRunFile(await localDataDir());
        show({ url: consoleUrl }, () => `The local run has its console at ${consoleUrl}.`);
        return;
      }
      // What is wrong with the stack's name or the credentials is said here, where the command can be changed.
      await ask({ command: 'status' });
      const shown = { stack, operates: operate, options, deploy: view.deploy };
      const { awsCloudWatch } = await import('../console/cloudwatch.ts');
      const watch = startWatch(awsCloudWatch(configOf(aws)), Date.now);
      const { url } = await startStackConsole(ask, shown, watch, port);
      show({ url }, () => text(url, stack, operate));
    });
};
