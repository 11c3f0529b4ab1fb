/** `npm run bench`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localRun } from './local-run.ts';
import { measure, type Result } from './measure.ts';
import { parseOptions, type Plan } from './options.ts';
import { Receiver } from './receiver.ts';
import { gitRevision, machineInfo, ratios, ratiosTable, resultsTable } from './report.ts';
import type { RunningSystem, System } from './system.ts';

const RESULTS = fileURLToPath(new URL('results', import.meta.url));

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** What is up; on Ctrl-C it must not stay behind. */
let running: RunningSystem | undefined;

/** Plans that need the same system, one after the other, share one. */
const bySystem = (plans: readonly Plan[]): readonly (readonly Plan[])[] => {
  const groups: Plan[][] = [];
  for (const plan of plans) {
    const group = groups.at(-1);
    if (group?.[0]?.scenario.destinations === plan.scenario.destinations) group.push(plan);
    else groups.push([plan]);
  }
  return groups;
};

const measureAll = async (system: System, plans: readonly Plan[]): Promise<readonly Result[]> => {
  const results: Result[] = [];
  for (const group of bySystem(plans)) {
    const destinations = group[0]?.scenario.destinations ?? 1;
    const receiver = await Receiver.start(destinations);
    print(`Starting the ${system.name}, with ${destinations} destination(s) ...`);
    try {
      running = await system.start(receiver.urls);
      for (const { scenario, size } of group) {
        print(`${scenario.name}: ${scenario.about} ...`);
        results.push(await measure(scenario, size, { system: running, receiver }));
      }
    } finally {
      await running?.stop();
      running = undefined;
      await receiver.close();
    }
  }
  return results;
};

const main = async (): Promise<void> => {
  const plans = parseOptions(process.argv.slice(2));
  const startedAt = new Date().toISOString();
  const machine = machineInfo();
  print(`${machine.cores} cores (${machine.cpu}), Node ${machine.node}, load ${machine.load.toFixed(1)}`);
  const results = await measureAll(localRun, plans);
  const compared = ratios(results);
  print(`\n${resultsTable(results)}`);
  if (compared.length > 0) print(`\n${ratiosTable(compared)}`);

  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `${startedAt.replaceAll(':', '-')}.json`);
  const git = gitRevision(RESULTS);
  const json = {
    startedAt,
    system: localRun.name,
    machine,
    git,
    parameters: plans,
    results,
    ratios: compared,
  };
  await writeFile(file, `${JSON.stringify(json, undefined, 2)}\n`);
  print(`\n${relative(process.cwd(), file)}`);
  if (results.some(({ lost, outOfOrder }) => lost + outOfOrder > 0)) {
    process.stderr.write('Events were lost or out of order: a benchmark must not find that.\n');
    process.exitCode = 1;
  }
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void (running?.stop() ?? Promise.resolve()).finally(() => process.exit(130));
  });
}
try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
