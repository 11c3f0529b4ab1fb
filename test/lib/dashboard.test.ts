/** The dashboard: whatever it shows is written, and it is as large with a hundred destinations as with one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { METRICS } from '../../contract/metrics.ts';
import {
  countedAtIngest,
  countedByStages,
  describeMetric,
  writtenByControl,
  writtenToLog,
} from '../support/written-metrics.ts';
import { minimal, ofType, removeDirectories, synthesize, type Synthesized } from './synth.ts';

afterAll(removeDirectories);

interface Widget {
  readonly type: string;
  readonly width: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
  };
}

/** References as `<...>`. */
const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': join } = value as { 'Fn::Join'?: [string, unknown[]] };
  if (join !== undefined) return join[1].map(textOf).join(join[0]);
  return `<${JSON.stringify(value).replaceAll('"', "'")}>`;
};

const widgetsOf = (synthesized: Synthesized): readonly Widget[] => {
  const [[, dashboard] = []] = ofType(synthesized, 'AWS::CloudWatch::Dashboard');
  const { widgets } = JSON.parse(textOf(dashboard?.Properties['DashboardBody'])) as { widgets: Widget[] };
  return widgets;
};

const SEARCH =
  /^SEARCH\('\{Sluice,Pipeline,(\w+)\} MetricName="(\w+)" Pipeline="Sluice\/Pipeline"', '\w+', 300\)$/;

/** Sluice's own metrics in it. */
const shownBy = (widgets: readonly Widget[]): readonly string[] =>
  widgets
    .flatMap(({ properties: { metrics = [] } }) => metrics)
    .flatMap(([first, name, ...rest]) => {
      const { expression } = (first ?? {}) as { expression?: string };
      if (expression !== undefined) {
        const [, dimension, metric] = SEARCH.exec(expression) ?? [];
        if (dimension === undefined || metric === undefined) throw new Error(`not understood: ${expression}`);
        return [describeMetric(metric, [METRICS.pipeline, dimension])];
      }
      if (first !== METRICS.namespace) return [];
      const names = rest.filter((part, i) => typeof part === 'string' && i % 2 === 0);
      return [describeMetric(String(name), names as string[])];
    });

describe('the dashboard', () => {
  const one = synthesize();
  const widgets = widgetsOf(one);
  let written: ReadonlySet<string>;
  beforeAll(async () => {
    const counted = [...countedAtIngest(), ...countedByStages()];
    written = new Set([...(await writtenByControl()), ...writtenToLog(), ...counted]);
  });

  it('shows what is written, and nothing else', () => {
    const shown = shownBy(widgets);
    expect(shown).toEqual(
      expect.arrayContaining([
        'EventsAccepted of Pipeline, Source',
        'EventsDelivered of Pipeline, Stage',
        'DegradedMode of Pipeline, Stage',
        'OldestMessageAge of Pipeline, Stage',
        'QueueBacklog of Pipeline',
      ]),
    );
    expect(shown.filter((metric) => !written.has(metric))).toEqual([]);
  });

  it('shows every alarm, and says which command shows more', () => {
    const alarms = widgets.flatMap(({ properties }) => properties.alarms ?? []);
    expect(alarms).toHaveLength(one.pipeline.monitoring.alarms.size);
    expect(widgets[0]?.properties.markdown).toContain('npx sluice status --stack Sluice');
  });

  it('has a name of its own in each region', () => {
    const [[, dashboard] = []] = ofType(one, 'AWS::CloudWatch::Dashboard');
    expect(textOf(dashboard?.Properties['DashboardName'])).toBe("Sluice-Pipeline-<{'Ref':'AWS::Region'}>");
  });

  it('has as many graphs with thirty destinations, and at most 100 alarms in a widget', () => {
    const destinations = Array.from({ length: 30 }, (_, i) => ({
      id: `d${String(i)}`,
      type: 'webhook' as const,
      url: 'https://crm.example.com/hook',
    }));
    const many = widgetsOf(synthesize({ ...minimal, destinations }));
    expect(many.map(({ properties: { title } }) => title)).toEqual(
      widgets.map(({ properties: { title } }) => title),
    );
    for (const { properties } of many) expect(properties.alarms?.length ?? 0).toBeLessThanOrEqual(100);
    expect(JSON.stringify(many).length).toBeLessThan(100_000);
  });

  it('is left out where it is not wanted', () => {
    expect(ofType(synthesize({ ...minimal, dashboard: false }), 'AWS::CloudWatch::Dashboard')).toEqual([]);
  });
});
