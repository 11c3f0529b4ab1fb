/** `npm run simulate -- --regions --seeds N [--from S]`: stories of two regions. The first one with a violation ends it. */
import { drawRegions } from './plan.ts';
import { tellRegions } from './run.ts';

export const tellAll = async (
  say: (line: string) => void,
  { from, seeds }: { readonly from: number; readonly seeds: number },
): Promise<boolean> => {
  const totals = { events: 0, waited: 0, overtaken: 0, twice: 0, longestStop: 0 };
  for (let seed = from; seed < from + seeds; seed++) {
    const told = await tellRegions(drawRegions(seed));
    if (told.violation !== undefined) {
      say(`seed ${String(seed)}: ${told.violation}`);
      return false;
    }
    totals.events += told.events;
    totals.waited += told.waited;
    totals.overtaken += told.overtaken;
    totals.twice += told.twice;
    totals.longestStop = Math.max(totals.longestStop, told.longestStop);
  }
  const { events, waited, overtaken, twice, longestStop } = totals;
  say(`${String(seeds)} stories of two regions, ${String(events)} events, no violation`);
  say(`${String(waited)} deliveries waited in the lost region until it was back`);
  say(`${String(overtaken)} deliveries came after a later event of their user that another region had`);
  say(`${String(twice)} deliveries were of an event that the other region had delivered`);
  say(`the longest time from an event to its 200: ${String(Math.ceil(longestStop / 1_000))} s`);
  return true;
};
