/** The charts: events in and out, and what waits. Shaded while a stage was not normal. */
import type { ModeChange } from '../../../contract/modes.ts';
import type { FlowSeries } from '../contract.ts';
import { startChart, type Values } from './chart.ts';
import { troubles } from './shades.ts';

export const SPAN = 15 * 60_000;

type ShowFlow = (series: FlowSeries, histories: readonly (readonly ModeChange[])[], now: number) => void;

/** @returns shows a series; `histories`: of each stage */
export const startFlow = (): ShowFlow => {
  const rate = startChart(
    'rate',
    [
      { name: 'Accepted', color: '--accepted' },
      { name: 'Delivered', color: '--delivered', dashed: true },
    ],
    'per second',
  );
  const backlog = startChart('backlog', [{ name: 'Waiting', color: '--backlog', filled: true }], 'messages');
  return (series, histories, now) => {
    const times = series.at.map((at) => at / 1000);
    const perSecond = (counts: Values): Values =>
      counts.map((count) => (count === null ? null : (count * 1000) / series.step));
    const range = { from: (now - SPAN) / 1000, to: now / 1000 };
    const shades = troubles(histories, now);
    rate.show(times, [perSecond(series.accepted), perSecond(series.delivered)], shades, range);
    backlog.show(times, [series.backlog], shades, range);
  };
};
