/** A process of the simulation: it runs the scenarios of the seeds that it receives. */
import { setImmediate } from 'node:timers/promises';
import { draw } from './pipeline/draw.ts';
import { tell, type Told } from './pipeline/run.ts';
import { add, NOTHING } from './pipeline/totals.ts';

export interface Order {
  readonly from: number;
  readonly count: number;
}

export interface Report {
  readonly order: Order;
  readonly totals: Told['totals'];
  /** The first seed with a violation; the seeds after it did not run. */
  readonly wrong?: { readonly seed: number; readonly violation: string };
}

const work = async (order: Order): Promise<Report> => {
  let totals = NOTHING;
  for (let seed = order.from; seed < order.from + order.count; seed++) {
    // A scenario does not yield to the event loop: only here the process can receive the request to end.
    await setImmediate();
    const told = await tell(draw(seed));
    totals = add(totals, told.totals);
    if (told.violation !== undefined) return { order, totals, wrong: { seed, violation: told.violation } };
  }
  return { order, totals };
};

process.on('message', (order: Order) => {
  void work(order).then((report) => process.send?.(report));
});
// The parent process is gone.
process.on('disconnect', () => process.exit());
