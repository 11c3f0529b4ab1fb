/** A process of the simulation: it tells the stories of the seeds that it is sent. */
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
  /** The first seed that went wrong; those after it were not told. */
  readonly wrong?: { readonly seed: number; readonly violation: string };
}

const work = async (order: Order): Promise<Report> => {
  let totals = NOTHING;
  for (let seed = order.from; seed < order.from + order.count; seed++) {
    // A story lets nothing else run: here the process hears that it is to end.
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
// Whoever started it is gone.
process.on('disconnect', () => process.exit());
