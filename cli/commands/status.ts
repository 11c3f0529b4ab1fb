import type { Command } from 'commander';
import { examples } from '../arguments.ts';
import { addSessionOptions, openSession } from '../session.ts';
import { isAllNormal, statusText } from '../views/status.ts';

const NOT_NORMAL = 3;

export const addStatus = (program: Command): void => {
  addSessionOptions(program.command('status'))
    .description('the modes of the pipeline and of each stage, what waits, and what happens next')
    .option('--exit-code', `exit with ${NOT_NORMAL} unless every stage is normal and not held`)
    .addHelpText(
      'after',
      examples(
        'npx sluice status',
        'npx sluice status --stack Sluice --region eu-west-1',
        'npx sluice status --exit-code --json > status.json || echo "not normal"',
      ),
    )
    .action(async ({ exitCode = false }: { exitCode?: boolean }, command: Command) => {
      const { ask, show, view } = await openSession(command);
      const report = await ask({ command: 'status' });
      // Ages go by the clock that the times come from.
      show(report, () => statusText(report, { ...view, now: report.at }));
      if (exitCode && !isAllNormal(report)) process.exitCode = NOT_NORMAL;
    });
};
