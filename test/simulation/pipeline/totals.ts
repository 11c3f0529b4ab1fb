import type { Totals } from './run.ts';

export const NOTHING: Totals = {
  events: 0,
  deliveries: 0,
  duplicates: 0,
  redrives: 0,
  deadLetters: 0,
  parked: 0,
  drained: 0,
  flips: 0,
  calls: 0,
  faults: {},
};

export const add = (a: Totals, b: Totals): Totals => {
  const names = new Set([...Object.keys(a.faults), ...Object.keys(b.faults)]);
  return {
    events: a.events + b.events,
    deliveries: a.deliveries + b.deliveries,
    duplicates: a.duplicates + b.duplicates,
    redrives: a.redrives + b.redrives,
    deadLetters: a.deadLetters + b.deadLetters,
    parked: a.parked + b.parked,
    drained: a.drained + b.drained,
    flips: a.flips + b.flips,
    calls: a.calls + b.calls,
    faults: Object.fromEntries(
      [...names].map((name) => [name, (a.faults[name] ?? 0) + (b.faults[name] ?? 0)]),
    ),
  };
};

const count = (n: number): string => n.toLocaleString('en-US');

export const describeTotals = ({ faults, ...totals }: Totals): string =>
  [
    `${count(totals.events)} events, ${count(totals.deliveries)} deliveries (${count(totals.duplicates)} duplicates), ` +
      `${count(totals.calls)} calls`,
    `${count(totals.redrives)} redrives, ${count(totals.deadLetters)} dead letters, ${count(totals.parked)} messages ` +
      `parked, ${count(totals.drained)} drained, ${count(totals.flips)} changes of mode`,
    Object.entries(faults)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, times]) => `${name} ${count(times)}`)
      .join(', '),
  ].join('\n');
