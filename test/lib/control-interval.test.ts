/** The configuration is checked against the interval of control's runs: the schedule's, or a local run's own. */
import { afterAll, expect, it } from '@jest/globals';
import { minimal, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

const quick = {
  ...minimal,
  timing: { maxBackoff: '2s' },
  degradedMode: { window: '4s', stallAfter: '4s', maxDrainBackoff: '8s' },
};

it('a stall within two runs of the schedule cannot be deployed', () => {
  expect(() => synthesize(quick)).toThrow(
    "Sluice/Pipeline: degradedMode.stallAfter: must be at least 120 seconds, two of control's runs",
  );
});

it('a local run that runs control more often takes it, and the template is the same otherwise', () => {
  const { pipeline, template } = synthesize({ ...quick, controlSeconds: 2 });
  expect(pipeline.stages).toHaveLength(2);
  template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 minute)' });
  expect(JSON.stringify(template.toJSON())).not.toContain('SLUICE_CONTROL_INTERVAL_MS');
});
