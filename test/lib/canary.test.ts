/** What `canary: true` adds to the template. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { bundle } from './example.ts';
import { logicalId, minimal, ofType, removeDirectories, synthesize, type Synthesized } from './synth.ts';

afterAll(removeDirectories);

const canary = synthesize({ ...minimal, canary: true });
const without = synthesize(minimal);

describe('a canary', () => {
  it('is a stage like any other, with an alarm', () => {
    expect(canary.pipeline.destination('canary').stage).toBe('canary');
    expect([...canary.pipeline.monitoring.alarms.keys()]).toContain('DegradedMode-canary');
    expect(() => without.pipeline.destination('canary')).toThrow('there is no destination canary');
  });

  it('gets its own events, and no other destination does', () => {
    expect(bundle(canary, 'Router')).toMatchObject({
      destinations: [
        { id: 'crm', sources: ['web'] },
        { id: 'canary', sources: ['canary'] },
      ],
    });
    expect(bundle(without, 'Router')).toMatchObject({ destinations: [{ id: 'crm' }] });
    expect(JSON.stringify(bundle(without, 'Router'))).not.toContain('sources');
  });

  it('has one write key, of which ingest and control know', () => {
    const { sources } = bundle(canary, 'Ingest') as {
      sources: readonly { id: string; writeKeys: readonly string[] }[];
    };
    const writeKey = sources.find(({ id }) => id === 'canary')?.writeKeys[0];
    expect(writeKey).toMatch(/^canary-/);
    expect(bundle(canary, 'Control')).toMatchObject({ canary: { writeKey } });
    expect(bundle(without, 'Control')).not.toHaveProperty('canary');
  });

  it('has its pages recorded by control', () => {
    const topic = { Ref: logicalId(canary, 'Alerting/AlarmTopic') };
    const heard = ({ Properties }: { Properties: Record<string, unknown> }) =>
      JSON.stringify(Properties['TopicArn']) === JSON.stringify(topic);
    expect(ofType(canary, 'AWS::SNS::Subscription').filter(([, one]) => heard(one))).toHaveLength(1);
    expect(ofType(without, 'AWS::SNS::Subscription')).toHaveLength(1);
  });

  it('is left out, or has another concurrency, where the context of a deployment says so', () => {
    const variant = (value: string) => synthesize({ ...minimal, canary: true }, { 'sluice:canary': value });
    const concurrencies = (one: Synthesized) =>
      ofType(one, 'AWS::Lambda::EventSourceMapping').map(
        ([, { Properties }]) =>
          (Properties['ScalingConfig'] as { MaximumConcurrency: number }).MaximumConcurrency,
      );
    // Of each stage: its queue's, and its dead-letter queue's.
    expect(concurrencies(canary)).toEqual([10, 2, 2, 2, 50, 2]);
    expect(concurrencies(variant('concurrency'))).toEqual([10, 2, 3, 2, 50, 2]);
    const removed = variant('removed');
    expect(concurrencies(removed)).toEqual([10, 2, 50, 2]);
    // Its write key stays, so that control knows it still.
    expect(bundle(removed, 'Control')).toMatchObject({
      canary: { writeKey: expect.stringMatching(/^canary-/) as unknown },
    });
    expect(() => variant('gone')).toThrow('"gone" is unknown; use removed or concurrency, or leave it out');
  });

  it('passes the rules that the rest of the template passes', () => {
    const { app } = canary;
    const violations = [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap(
      (pack) => pack.validateScope(app).violations,
    );
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
  });
});
