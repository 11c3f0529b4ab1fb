/**
 * How large the destinations are that the tests exercise, and how long a new environment takes until one can send: the table of
 * docs/destinations-actions.md. `node --import tsx test/actions/measure.ts`
 */
import { Bundled } from '../support/actions/bundled.ts';
import { Recorder } from '../support/actions/recorder.ts';
import { CASES } from './cases.ts';

const RUNS = 5;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const recorder = new Recorder();
await recorder.start();
console.log('| destination | code, KB | until it has loaded, ms | and the first event is answered, ms |');
console.log('| --- | ---: | ---: | ---: |');
for (const { written, secrets = {}, event, answer = () => ({ status: 200 }) } of CASES) {
  recorder.answer = answer;
  const loads: number[] = [];
  const firsts: number[] = [];
  let size = 0;
  for (let i = 0; i < RUNS; i += 1) {
    const bundled = new Bundled(written, { origin: recorder.origin, secrets });
    size = bundled.size;
    const start = performance.now();
    await bundled.load();
    loads.push(performance.now() - start);
    await bundled.send(event);
    firsts.push(performance.now() - start);
    await bundled.close();
  }
  console.log(
    `| \`${written.destination}\` | ${Math.round(size / 1000)} | ${median(loads).toFixed(0)} | ${median(firsts).toFixed(0)} |`,
  );
}
await recorder.close();
