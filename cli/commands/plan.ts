import { Option, type Command } from 'commander';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { jsonText } from '../../local/common/terminal.ts';
import { examples } from '../arguments.ts';
import { CommandFailure, messageOf } from '../failure.ts';
import { FORMATS, importPlan, NotAPlan, type Format } from '../plan/import.ts';
import { complain, print } from '../terminal.ts';

interface Options {
  readonly from: Format;
  readonly out?: string;
}

const read = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')) as unknown;
  } catch (error) {
    throw new CommandFailure(`${file}: ${messageOf(error)}`, { cause: error });
  }
};

const NAMES: Readonly<Record<Format, string>> = { rudderstack: 'RudderStack', segment: 'Segment' };

export const addPlan = (program: Command): void => {
  const plan = program.command('plan').description('tracking plans of other tools');
  plan
    .command('import')
    .description("make a tracking plan of RudderStack's or Segment's, as their APIs answer it")
    .argument('<file>', 'the answer, as JSON; - reads standard input')
    .addOption(new Option('--from <tool>', 'whose plan it is').choices(FORMATS).makeOptionMandatory())
    .option('-o, --out <file>', 'where the plan is written, instead of standard output')
    .addHelpText(
      'after',
      examples(
        'npx sluice plan import --from rudderstack tracking-plan.json -o plans/web.json',
        'npx sluice plan import --from segment rules.json -o plans/web.json',
      ),
    )
    .action(async (file: string, { from, out }: Options) => {
      // The compiler of schemas takes longer to load than the command line.
      const { isKeyword, planCompiler } = await import('../../config/plans/compiler.ts');
      const { readPlan } = await import('../../config/plans/plan-file.ts');
      const ajv = planCompiler();
      const json = read(file);
      try {
        const imported = importPlan(from, json, (keyword) => isKeyword(ajv, keyword));
        const text = jsonText(imported.plan, 2);
        for (const note of imported.notes) complain(note);
        if (out === undefined) print(text);
        else {
          mkdirSync(dirname(out), { recursive: true });
          writeFileSync(out, `${text}\n`);
          print(`${out}: ${imported.plan.events.length} events`);
        }
        const checked = readPlan(text);
        if (checked.ok) return;
        for (const issue of checked.issues) complain(`${out ?? 'the plan'}: ${issue}`);
        process.exitCode = 1;
      } catch (error) {
        if (!(error instanceof NotAPlan)) throw error;
        throw new CommandFailure(
          `${file}: is not a tracking plan of ${NAMES[from]}; docs/tracking-plan.md says which answers of its API are read`,
          { cause: error },
        );
      }
    });
};
