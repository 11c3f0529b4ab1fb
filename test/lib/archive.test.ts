/** What `archive` adds to the template. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { bundle } from './example.ts';
import { minimal, ofType, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

const archived = synthesize({ ...minimal, canary: true, archive: { days: 400 } });
const own = synthesize({ ...minimal, archive: { bucket: 'my-events', prefix: 'web/' } });
const without = synthesize(minimal);

describe('an archive', () => {
  it('is a stage like any other, with an alarm', () => {
    expect(archived.pipeline.destination('archive').stage).toBe('archive');
    expect([...archived.pipeline.monitoring.alarms.keys()]).toContain('DegradedMode-archive');
    expect(() => without.pipeline.destination('archive')).toThrow('there is no destination archive');
    expect(ofType(without, 'AWS::KinesisFirehose::DeliveryStream')).toEqual([]);
  });

  it("gets the events of every source but the canary's", () => {
    expect(bundle(archived, 'Router')).toMatchObject({
      destinations: [{ id: 'crm' }, { id: 'archive', archive: true, sources: ['web'] }, { id: 'canary' }],
    });
  });

  it('writes gzip files by the hour, which Athena finds without being told', () => {
    const [[, stream] = []] = ofType(archived, 'AWS::KinesisFirehose::DeliveryStream');
    expect(stream?.Properties).toMatchObject({
      ExtendedS3DestinationConfiguration: {
        BufferingHints: { IntervalInSeconds: 300, SizeInMBs: 64 },
        CompressionFormat: 'GZIP',
        Prefix: 'events/date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/',
      },
    });
    const [[, table] = []] = ofType(archived, 'AWS::Glue::Table');
    expect(JSON.stringify(table?.Properties)).toContain('/events/date=${date}/hour=${hour}/');
  });

  it('deletes its files after the days that were asked for', () => {
    const [[, bucket] = []] = ofType(archived, 'AWS::S3::Bucket');
    expect(bucket?.Properties).toMatchObject({
      LifecycleConfiguration: {
        Rules: expect.arrayContaining([expect.objectContaining({ ExpirationInDays: 400 })]) as unknown,
      },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true },
    });
  });

  it('is known to control, with what each destination gets', () => {
    expect(bundle(archived, 'Control')).toMatchObject({
      archive: { prefix: 'events/', days: 400, functionTime: 60_000, destinations: [{ id: 'crm' }] },
    });
    expect(bundle(without, 'Control')).not.toHaveProperty('archive');
  });

  it('uses a bucket that there is', () => {
    expect(ofType(own, 'AWS::S3::Bucket')).toEqual([]);
    expect(bundle(own, 'Control')).toMatchObject({ archive: { prefix: 'web/' } });
  });

  it('passes the rules that the rest of the template passes', () => {
    for (const { app } of [archived, own]) {
      const violations = [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap(
        (pack) => pack.validateScope(app).violations,
      );
      expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
    }
  });
});
