/** Two pipelines in one stack: nothing of one is taken for the other's. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EventPipeline } from '../../lib/index.ts';
import { minimal, removeDirectories, temporaryDirectory } from './synth.ts';

let template: Template;
beforeAll(() => {
  process.env['CDK_VALIDATION'] = 'false';
  const stack = new Stack(new App({ outdir: temporaryDirectory(), analyticsReporting: false }), 'Shop');
  for (const id of ['Web', 'Back-office']) new EventPipeline(stack, id, minimal);
  template = Template.fromStack(stack);
});
afterAll(removeDirectories);

it('each has outputs under its own name', () => {
  expect(Object.keys(template.findOutputs('*')).filter((name) => !name.startsWith('Export'))).toEqual([
    'WebDataPlaneUrl',
    'WebControlFunction',
    'BackofficeDataPlaneUrl',
    'BackofficeControlFunction',
  ]);
});

it('the APIs have names of their own, by which their metrics are known', () => {
  const names = Object.values(template.findResources('AWS::ApiGateway::RestApi')).map(
    ({ Properties }) => (Properties as { Name: string }).Name,
  );
  expect(names).toEqual(['Shop-Web-ingest', 'Shop-Back-office-ingest']);
});

it('no alarm of one watches what the other reports', () => {
  const alarms = Object.entries(template.findResources('AWS::CloudWatch::Alarm'));
  const watchedBy = (pipeline: string): readonly string[] =>
    alarms
      .filter(([id]) => id.startsWith(pipeline))
      .map(([, { Properties }]) => {
        const { MetricName, Dimensions, Metrics } = Properties as Record<string, unknown>;
        return JSON.stringify([MetricName, Dimensions, Metrics]);
      });
  const [web, office] = [watchedBy('Web'), watchedBy('Backoffice')];
  expect(web.length).toBe(office.length);
  expect(web.length).toBeGreaterThan(5);
  expect(web.filter((watched) => office.includes(watched))).toEqual([]);
});
