/**
 * `npm run simulate -- --seeds N [--from S] [--jobs J]`: scenarios drawn from seeds, all in virtual time. A scenario with a
 * violation is reduced and printed. `--trace` shows every line of a single seed. `--times` measures the table of `docs/times.md`; `--way 503,throw`
 * and `--users 1,5` a part of it. `--regions` tells stories of two regions, `--replays` of replays.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { draw } from './pipeline/draw.ts';
import { tell } from './pipeline/run.ts';
import { describePlan, shrink } from './pipeline/shrink.ts';
import { describeTotals } from './pipeline/totals.ts';
import { runSeeds } from './seeds.ts';

const SHRINK_BUDGET = 1_500;
const SHOWN_LINES = 150;
/** Seconds between two progress lines. */
const PROGRESS = 10;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    'crash-points': { type: 'boolean', default: false },
    tenth: { type: 'boolean', default: false },
    regions: { type: 'boolean', default: false },
    replays: { type: 'boolean', default: false },
    times: { type: 'boolean', default: false },
    way: { type: 'string' },
    users: { type: 'string' },
  },
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const whole = (name: 'seeds' | 'from' | 'jobs', least: number): number => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least) return value;
  say(`--${name}: expected a whole number of at least ${String(least)}, and got "${values[name]}"`);
  process.exit(2);
};

const seeds = async (): Promise<boolean> => {
  const [from, count, jobs] = [whole('from', 0), whole('seeds', 1), whole('jobs', 1)];
  const begun = performance.now();
  let shown = begun;
  const rate = (done: number): string => {
    const minutes = (performance.now() - begun) / 60_000;
    return `${String(done)} of ${String(count)} seeds, ${String(Math.round(done / minutes))} a minute`;
  };
  const { told, totals, wrong } = await runSeeds({ from, seeds: count, jobs }, (done) => {
    if (performance.now() - shown < PROGRESS * 1_000) return;
    shown = performance.now();
    say(rate(done));
  });
  say(`${rate(told)}, from ${String(from)} on, in ${String(jobs)} processes`);
  say(describeTotals(totals));
  if (wrong === undefined) {
    say('no violation');
    return true;
  }
  say(`\nseed ${String(wrong.seed)}: ${wrong.violation}`);
  say(`npm run simulate -- --from ${String(wrong.seed)} --seeds 1 --trace`);
  const { plan, told: shrunk, tries } = await shrink(draw(wrong.seed), SHRINK_BUDGET);
  say(`\nreduced in ${String(tries)} tries: ${shrunk.violation ?? ''}`);
  say(describePlan(plan));
  say(`\n${shrunk.trace.slice(-SHOWN_LINES).join('\n')}`);
  say(`\nfor test/simulation/regressions.json:\n${JSON.stringify(plan)}`);
  return false;
};

const trace = async (): Promise<boolean> => {
  const plan = draw(whole('from', 0));
  const told = await tell(plan, { isTraced: true });
  say(told.trace.join('\n'));
  say(describePlan(plan));
  say(told.violation ?? 'no violation');
  return told.violation === undefined;
};

const run = async (): Promise<boolean> => {
  if (values.planted) return (await import('./planted-main.ts')).huntAll(say);
  if (values.times) return (await import('./times/main.ts')).measureAll(say, values);
  if (values.regions) {
    const { tellAll } = await import('./regions/main.ts');
    return tellAll(say, { from: whole('from', 0), seeds: whole('seeds', 1) });
  }
  if (values.replays) {
    const { tellReplays } = await import('./replay/main.ts');
    return tellReplays(whole('from', 0), whole('seeds', 1), say);
  }
  if (values['crash-points']) return (await import('./crash-points.ts')).runAll(say, values.tenth ? 10 : 1);
  return values.trace ? trace() : seeds();
};

process.exitCode = (await run()) ? 0 : 1;
