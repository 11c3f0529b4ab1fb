/**
 * `npm run fuzz -- [--requests N] [--http N] [--from SEED]`: mutated requests of real SDKs, to ingest in process (default 200,000) and
 * over HTTP (default 5,000). Exits with 1 if any is answered 5xx, or not at all, or memory grows.
 */
import { parseArgs } from 'node:util';
import { fuzzInProcess, fuzzOverHttp, type Fuzzed } from './fuzz.ts';

const SHOWN = 20;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '200000' },
    http: { type: 'string', default: '5000' },
    from: { type: 'string', default: '1' },
  },
});

const whole = (name: keyof typeof values): number => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name}: expected a whole number, and got "${values[name]}"\n`);
  process.exit(2);
};

const show = (where: string, { requests, statuses, violations }: Fuzzed): void => {
  const answers = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  process.stdout.write(`${where}: ${requests} requests; answers ${answers.join(', ')}\n`);
  for (const violation of violations.slice(0, SHOWN)) process.stdout.write(`  ${violation}\n`);
  if (violations.length > 0) {
    process.stdout.write(`  ${violations.length} violations\n`);
    process.exitCode = 1;
  }
};

const from = whole('from');
if (whole('requests') > 0) show('in process', await fuzzInProcess(from, whole('requests')));
if (whole('http') > 0) show('over HTTP', await fuzzOverHttp(from, whole('http')));
