/** What alarms say to who is paged. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { minimal, ofType, PROJECT, removeDirectories, resource, synthesize } from './synth.ts';

afterAll(removeDirectories);

describe('what an alarm says', () => {
  const runbook = readFileSync(path.join(PROJECT, 'docs/runbook.md'), 'utf8');
  /** As GitHub makes them. */
  const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
  const all = synthesize({
    ...minimal,
    alerts: { pagerDuty: { secretName: 'pagerduty' }, noEventsFor: '1 hour', unusualVolume: true },
    records: { retention: '90 days' },
  });
  const alarms = ofType(all, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => ({
    name: Properties['AlarmName'] as string,
    description: Properties['AlarmDescription'] as string,
  }));
  const sectionOf = (description: string): string =>
    /What to do: docs\/runbook\.md#([\w-]+)$/.exec(description)?.[1] ?? 'none';

  it.each(alarms)('$name: the command, and a section of the runbook that exists', ({ description }) => {
    expect(description).toMatch(/Look: npx sluice (status|parked|rejected) --stack Sluice - /);
    expect(anchors).toContain(sectionOf(description));
    // CloudWatch's limit.
    expect(description.length).toBeLessThanOrEqual(1024);
  });

  it('each kind of alarm has one section of its own, which says whether it pages', () => {
    const sections = alarms.map(({ description }) => sectionOf(description));
    // Those of degraded mode, one for each stage, share theirs.
    expect(new Set(sections).size).toBe(alarms.length - 1);
    for (const section of sections) expect(anchors.filter((anchor) => anchor === section)).toHaveLength(1);
  });

  it('names are unique, and the same in every deployment: they are the identity of the incident', () => {
    expect(new Set(alarms.map(({ name }) => name)).size).toBe(alarms.length);
    for (const { name } of alarms) expect(name).toMatch(/^Sluice\/Pipeline: [\w (),]+$/);
  });

  it('the link leads where the props say', () => {
    const elsewhere = synthesize({ ...minimal, runbookUrl: 'https://wiki.example.com/sluice' });
    const { Properties } = resource(elsewhere, 'Monitoring/Heartbeat');
    expect(Properties['AlarmDescription']).toMatch(
      / What to do: https:\/\/wiki\.example\.com\/sluice#control-is-silent$/,
    );
  });
});
