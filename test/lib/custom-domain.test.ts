/** A name of yours in front of the API. */
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { afterAll, describe, expect, it } from '@jest/globals';
import { EventPipeline } from '../../lib/index.ts';
import { logicalId, minimal, removeDirectories, synthesize, temporaryDirectory } from './synth.ts';

afterAll(removeDirectories);

const certificate = 'arn:aws:acm:eu-west-1:000000000000:certificate/12345678-1234-1234-1234-123456789012';
const domain = { name: 'events.example.com', certificate };

describe('a domain', () => {
  const named = synthesize({ ...minimal, domain });

  it('leads to the API’s stage, by TLS 1.2 at least', () => {
    named.template.hasResourceProperties('AWS::ApiGateway::DomainName', {
      DomainName: 'events.example.com',
      RegionalCertificateArn: certificate,
      EndpointConfiguration: { Types: ['REGIONAL'] },
      SecurityPolicy: 'TLS_1_2',
    });
    named.template.hasResourceProperties('AWS::ApiGateway::BasePathMapping', {
      RestApiId: { Ref: logicalId(named, 'Ingest/Api') },
      Stage: { Ref: logicalId(named, 'Ingest/Api/DeploymentStage.prod') },
      BasePath: Match.absent(),
    });
  });

  it('is what SDKs are given, and the output of the data plane has it', () => {
    expect(named.pipeline.dataPlaneUrl).toBe('https://events.example.com');
    named.template.hasOutput('DataPlaneUrl', { Value: 'https://events.example.com' });
    const targets = named.template.findOutputs('*', {
      Description: 'Point a CNAME of events.example.com at it',
    });
    expect(Object.keys(targets)).toHaveLength(1);
  });

  it('gets its records where the zone is given', () => {
    const stack = new Stack(new App({ outdir: temporaryDirectory(), analyticsReporting: false }), 'Own');
    const hostedZone = HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: 'Z1',
      zoneName: 'example.com',
    });
    new EventPipeline(stack, 'Events', { ...minimal, domain: { ...domain, hostedZone } });
    const template = Template.fromStack(stack);
    for (const Type of ['A', 'AAAA'])
      template.hasResourceProperties('AWS::Route53::RecordSet', {
        Type,
        Name: 'events.example.com.',
        HostedZoneId: 'Z1',
      });
  });

  it.each([
    [
      { ...domain, name: 'https://events.example.com' },
      /domain\.name: "https:.* is not a name; use one such as/,
    ],
    [{ ...domain, name: 'Events.example.com' }, /domain\.name/],
    [
      { ...domain, certificate: 'events.example.com' },
      /domain\.certificate: "events.example.com" is not the ARN/,
    ],
  ])('of %j is refused at synth', (wrong, error) => {
    expect(() => synthesize({ ...minimal, domain: wrong })).toThrow(error);
  });
});
