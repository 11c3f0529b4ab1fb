/** `npm run bench`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closeAll } from './closing.ts';
import { localRun } from './local-run.ts';
import { measureCold, measureFloor } from './floor/measure.ts';
import { coldTable, floorTable } from './floor/report.ts';
import { parseOptions } from './options.ts';
import { measureAll } from './over-http.ts';
import { gitRevision, machineInfo, ratios, ratiosTable, resultsTable } from './report.ts';
import { growthOf } from './sandbox/growth.ts';
import { measureEnds, measureSandbox } from './sandbox/measure.ts';
import { costTable, endsTable, speedTable, startsTable } from './sandbox/report.ts';
import { measureWork, workTable } from './costs/measure.ts';

const RESULTS = fileURLToPath(new URL('results', import.meta.url));

const WORK_ROUNDS = 5;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const main = async (): Promise<void> => {
  const options = parseOptions(process.argv.slice(2));
  const { plans, works, beside, measuresSandbox, ends } = options;
  const startedAt = new Date().toISOString();
  const machine = machineInfo();
  print(`${machine.cores} cores (${machine.cpu}), Node ${machine.node}, load ${machine.load.toFixed(1)}`);
  const results = await measureAll(localRun, plans, print);
  const work = works.map(({ name, title, ways, calls }) => {
    print(`${name}: microseconds an event ...`);
    return { name, title, costs: measureWork(ways, calls, WORK_ROUNDS) };
  });
  const floor = options.measuresFloor ? await measureFloor(beside, print) : undefined;
  const cold = options.measuresCold ? await measureCold(beside, print) : undefined;
  const sandbox = measuresSandbox ? await measureSandbox(print) : undefined;
  const endings = ends === undefined ? undefined : await measureEnds(ends, print);
  const compared = ratios(results);
  const tables = [
    ...(results.length > 0 ? [resultsTable(results)] : []),
    ...(compared.length > 0 ? [ratiosTable(compared)] : []),
    ...work.map(({ title, costs }) => workTable(title, costs)),
    ...(floor === undefined ? [] : [floorTable(floor)]),
    ...(cold === undefined ? [] : [coldTable(cold)]),
    ...(sandbox === undefined
      ? []
      : [speedTable(sandbox.speed), startsTable(sandbox.starts), costTable(sandbox)]),
    ...(endings === undefined ? [] : [endsTable(endings)]),
  ];
  for (const table of tables) print(`\n${table}`);

  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `${startedAt.replaceAll(':', '-')}.json`);
  const json = {
    startedAt,
    system: localRun.name,
    machine,
    git: await gitRevision(RESULTS),
    parameters: plans,
    results,
    ratios: compared,
    work,
    floor,
    cold,
    sandbox,
    ends: endings,
  };
  await writeFile(file, `${JSON.stringify(json, undefined, 2)}\n`);
  print(`\n${relative(process.cwd(), file)}`);
  const faults = [
    ...(results.some(({ lost, outOfOrder }) => lost + outOfOrder > 0)
      ? ['Events were lost or out of order: a benchmark must not find that.']
      : []),
    ...growthOf(endings ?? []).map((line) => `Ends of a transform's thread leave something behind: ${line}.`),
  ];
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void closeAll().finally(() => process.exit(130));
  });
}
try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
