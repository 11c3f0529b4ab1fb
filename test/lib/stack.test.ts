import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { both } from './example.ts';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks, type NagPack } from 'cdk-nag';
import { removeDirectories, minimal, synthesize } from './synth.ts';

afterAll(removeDirectories);

describe('the stack', () => {
  it('outputs the URL, the queues and the tables', () => {
    expect(Object.keys(both.template.findOutputs('*')).sort()).toEqual([
      'AlarmTopicArn',
      'ControlFunction',
      'DataPlaneUrl',
      'DestinationA1DeadLetterQueueUrl',
      'DestinationA1QueueUrl',
      'DestinationAX1DeadLetterQueueUrl',
      'DestinationAX1QueueUrl',
      'DestinationCrmDeadLetterQueueUrl',
      'DestinationCrmQueueUrl',
      'EventsDeadLetterQueueUrl',
      'EventsQueueUrl',
      'FlipTopicArn',
      'NoticeTopicArn',
      'ParkingTableName',
      'StateTableName',
    ]);
  });

  it('warns of destinations that cannot be reached from AWS', () => {
    const shown = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { pipeline } = synthesize({
      sources: minimal.sources,
      destinations: [
        { id: 'local', type: 'webhook', url: 'http://localhost:9000' },
        { id: 'v6', type: 'webhook', url: 'http://[::1]:9000' },
        { id: 'metadata', type: 'webhook', url: 'http://169.254.169.254/' },
        { id: 'home', type: 'webhook', url: 'http://192.168.1.10/', allowPrivateNetwork: true },
        { id: 'public', type: 'webhook', url: 'https://93.184.216.34/' },
        { id: 'named', type: 'webhook', url: 'https://example.com/' },
      ],
    });
    shown.mockRestore();
    const warnings = pipeline.node.metadata.filter(({ type }) => type === 'aws:cdk:warning');
    expect(
      warnings.map(({ data }) => (data as string).replace(/ sends to .* works in the local run only;.*/, '')),
    ).toEqual(['the destination local', 'the destination v6', 'the destination metadata']);
  });

  it('warns of keys of earlier versions', () => {
    const shown = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { pipeline } = synthesize({ ...minimal, timing: { closedDoorLimit: '1 hour' } });
    shown.mockRestore();
    const warnings = pipeline.node.metadata.filter(({ type }) => type === 'aws:cdk:warning');
    expect(warnings.map(({ data }) => data as string)).toEqual([
      expect.stringMatching(
        /^Sluice\/Pipeline: timing\.closedDoorLimit: is deprecated, and sets degradedMode\.parkAfter; rename it\..* \[ack: sluice:deprecated-timing\.closedDoorLimit\]$/,
      ),
    ]);
  });

  it('warns of a retention whose warnings nobody would hear', () => {
    const shown = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { pipeline } = synthesize({ ...minimal, records: { retention: '90 days' } });
    shown.mockRestore();
    const warnings = pipeline.node.metadata.filter(({ type }) => type === 'aws:cdk:warning');
    expect(warnings.map(({ data }) => data as string)).toEqual([
      expect.stringMatching(
        /^Sluice\/Pipeline: records\.retention: .* \[ack: sluice:unheard-records\.retention\]$/,
      ),
    ]);
  });

  it('names the mistake in its configuration', () => {
    const bad = {
      ...minimal,
      destinations: [{ ...minimal.destinations[0], url: 'nowhere' }],
    } as typeof minimal;
    expect(() => synthesize(bad)).toThrow(
      /^Sluice\/Pipeline: destinations\[0\]\.url: "nowhere" is not an http/,
    );
    expect(() => synthesize({ ...minimal, namePrefix: '9lives' })).toThrow(
      'Sluice/Pipeline: namePrefix: "9lives" cannot begin a name; use a letter, then up to 19 letters, digits and dashes',
    );
    expect(() => both.pipeline.destination('unknown')).toThrow(
      'there is no destination unknown; the destinations are crm, a-1, a1',
    );
  });

  it('is what it was', () => {
    const { template } = synthesize();
    // Names of assets change with every change of the code.
    const text = JSON.stringify(template.toJSON()).replaceAll(/[0-9a-f]{64}\.zip/g, '<asset>.zip');
    expect(JSON.parse(text)).toMatchSnapshot();
  });
});

describe('cdk-nag', () => {
  const { app, stack } = synthesize({
    ...minimal,
    destinations: [
      {
        id: 'crm',
        type: 'webhook',
        url: 'https://crm.example.com',
        headers: { authorization: { secretName: 'crm/token' } },
      },
    ],
    alerts: {
      pagerDuty: { secretName: 'pagerduty' },
      emails: ['ops@example.com'],
      urls: ['https://example.com/alerts'],
    },
  });
  const packs = () => [new AwsSolutionsChecks(app), new ServerlessChecks(app)];
  const findings = (checks: readonly NagPack[]) =>
    checks.flatMap((pack) =>
      pack
        .validateScope(app)
        .violations.flatMap(({ ruleName, violatingResources }) =>
          violatingResources.map(({ constructPath }) => `${ruleName} at ${String(constructPath)}`),
        ),
    );
  const acknowledged = stack.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]) => ({
        path: node.path,
        id: id.replace(/^annotation::/i, ''),
        reason,
      })),
  );

  it('reports nothing that is not acknowledged', () => {
    expect(findings(packs())).toEqual([]);
  });

  it('would report everything that is acknowledged, and each acknowledgement has a reason', () => {
    const all = packs();
    for (const pack of all) Reflect.set(pack, 'isAcknowledged', () => false);
    const found = findings(all);
    expect(found.length).toBeGreaterThan(0);
    for (const { path, id, reason } of acknowledged) {
      expect(found).toContainEqual(expect.stringContaining(`${id} at ${path}/`));
      expect(reason.length).toBeGreaterThan(20);
    }
  });
});
