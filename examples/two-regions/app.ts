/**
 * Two pipelines of their own in two regions, under one name: docs/regions.md has what that gives, and what it does not. From the project's root:
 *
 *     npx cdk synth --app 'npx tsx examples/two-regions/app.ts'
 */
import { App, Fn, Stack } from 'aws-cdk-lib';
import { EndpointType, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway';
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import { CfnHealthCheck, CfnRecordSet, HostedZone } from 'aws-cdk-lib/aws-route53';
import { EventPipeline } from '../../lib/index.ts';

/** Replace these: the name that SDKs are given, its hosted zone, the account, and the regions, of which the first is preferred. */
const NAME = 'events.example.com';
const zoneOf = { hostedZoneId: 'Z0123456789', zoneName: 'example.com' };
const account = '123456789012';
const regions = ['eu-west-1', 'eu-central-1'];

/** The same in both regions: SDKs have one write key. */
const sources = [{ id: 'web', writeKey: 'replace-this-web-key' }];
const destinations = [{ id: 'crm', type: 'webhook' as const, url: 'https://crm.example.com/events' }];

const app = new App();
for (const [place, region] of regions.entries()) {
  const stack = new Stack(app, `Events-${region}`, { env: { account, region } });
  const { ingest } = new EventPipeline(stack, 'Events', { sources, destinations });
  const zone = HostedZone.fromHostedZoneAttributes(stack, 'Zone', zoneOf);
  const domain = ingest.api.addDomainName('Domain', {
    domainName: NAME,
    certificate: new Certificate(stack, 'Certificate', {
      domainName: NAME,
      validation: CertificateValidation.fromDns(zone),
    }),
    endpointType: EndpointType.REGIONAL,
    securityPolicy: SecurityPolicy.TLS_1_2,
  });
  const health = new CfnHealthCheck(stack, 'Ready', {
    healthCheckConfig: {
      type: 'HTTPS',
      // The region's own name: the common one leads to whichever region is in use.
      fullyQualifiedDomainName: Fn.select(2, Fn.split('/', ingest.url)),
      resourcePath: `/${ingest.api.deploymentStage.stageName}/ready`,
      enableSni: true,
      requestInterval: 30,
      failureThreshold: 3,
    },
  });
  new CfnRecordSet(stack, 'Record', {
    hostedZoneId: zoneOf.hostedZoneId,
    name: NAME,
    type: 'A',
    setIdentifier: region,
    failover: place === 0 ? 'PRIMARY' : 'SECONDARY',
    healthCheckId: health.attrHealthCheckId,
    aliasTarget: {
      dnsName: domain.domainNameAliasDomainName,
      hostedZoneId: domain.domainNameAliasHostedZoneId,
    },
  });
}
app.synth();
