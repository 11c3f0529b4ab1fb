/** One chart over time, with a legend that follows the pointer, and its summary in words. */
import uPlot from 'uplot';
import { byId, el, setText } from './dom.ts';
import type { Shade } from './shades.ts';
import { number } from './words.ts';

const HEIGHT = 190;
const FONT = '12px system-ui, sans-serif';

export interface Line {
  readonly name: string;
  /** A custom property of the style sheet. */
  readonly color: string;
  /** Distinguishes the lines without their colours. */
  readonly dashed?: boolean;
  readonly filled?: boolean;
}

export type Values = readonly (number | null)[];

export interface Chart {
  /** @param times seconds since 1970 @param lines as many values as times, for each line */
  show(times: readonly number[], lines: readonly Values[], shades: readonly Shade[], range: Shade): void;
}

/** @param name of the elements: `#<name>-chart`, `-legend`, `-summary` @param unit completes "12 ..." */
export const startChart = (name: string, lines: readonly Line[], unit: string): Chart => {
  const place = byId(`${name}-chart`);
  const values = legend(byId(`${name}-legend`), lines);
  const summary = byId(`${name}-summary`);
  let shades: readonly Shade[] = [];
  let range: Shade = { from: 0, to: 1 };

  const showLegend = (chart: uPlot): void => {
    const index = chart.cursor.idx;
    values.forEach((value, i) => {
      const line = chart.data[i + 1] ?? [];
      const shown = index === null || index === undefined ? latest(line) : line[index];
      setText(value, shown === undefined || shown === null ? '–' : number(shown));
    });
  };
  const options: uPlot.Options = {
    width: place.clientWidth || 300,
    height: HEIGHT,
    legend: { show: false },
    // The charts' pointers move together.
    cursor: { drag: { setScale: false, x: false, y: false }, sync: { key: 'time' } },
    scales: {
      x: { time: true, range: () => [range.from, range.to] },
      y: { range: (_, __, max) => [0, Math.max(1, (Number.isFinite(max) ? max : 0) * 1.15)] },
    },
    axes: [
      {
        ...axis(),
        space: 60,
        size: 32,
        values: (_, splits) => splits.map((at) => CLOCK.format(at * 1000)),
      },
      { ...axis(), size: 48, values: (_, splits) => splits.map((value) => COMPACT.format(value)) },
    ],
    series: [{}, ...lines.map(toSeries)],
    hooks: {
      setCursor: [showLegend],
      setData: [showLegend],
      drawClear: [(chart) => shade(chart, shades)],
    },
  };
  const chart = new uPlot(options, [[], ...lines.map(() => [])], place);
  new ResizeObserver(() => {
    if (place.clientWidth > 0) chart.setSize({ width: place.clientWidth, height: HEIGHT });
  }).observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart.redraw(false, true));

  return {
    show: (times, data, shaded, shownRange) => {
      shades = shaded;
      range = shownRange;
      chart.setData([[...times], ...data.map((line) => [...line])]);
      setText(summary, lines.map((line, i) => describe(line.name, data[i] ?? [], unit)).join(' '));
    },
  };
};

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** Read at each drawing, since the colours change between day and night. */
const color = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const axis = (): uPlot.Axis => ({
  font: FONT,
  stroke: () => color('--muted'),
  grid: { stroke: () => color('--line'), width: 1 },
  ticks: { show: false },
});

const toSeries = (line: Line): uPlot.Series => ({
  label: line.name,
  stroke: () => color(line.color),
  width: 2,
  points: { show: false },
  ...(line.dashed === true ? { dash: [6, 4] } : {}),
  ...(line.filled === true ? { fill: () => color(`${line.color}-soft`) } : {}),
});

/** @returns where each line's value goes */
const legend = (place: HTMLElement, lines: readonly Line[]): readonly HTMLElement[] =>
  lines.map((line) => {
    const value = el('strong', {}, '–');
    const swatch = el('span', {
      class: `swatch ${line.dashed === true ? 'dashed' : 'solid'}`,
      'aria-hidden': 'true',
    });
    swatch.style.setProperty('color', `var(${line.color})`);
    place.append(el('li', {}, swatch, `${line.name} `, value));
    return value;
  });

const shade = (chart: uPlot, shades: readonly Shade[]): void => {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.fillStyle = color('--shade');
  for (const { from, to } of shades) {
    const left = Math.max(bbox.left, chart.valToPos(from, 'x', true));
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(to, 'x', true));
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
};

const latest = (values: ArrayLike<number | null | undefined>): number | undefined =>
  Array.from(values).findLast((value) => typeof value === 'number');

const describe = (name: string, values: Values, unit: string): string => {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return `${name}: nothing is known.`;
  return `${name}: ${number(last)} ${unit} now, at most ${number(Math.max(...known))}.`;
};
