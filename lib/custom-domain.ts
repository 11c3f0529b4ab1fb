import { CfnOutput } from 'aws-cdk-lib';
import {
  CfnBasePathMapping,
  DomainName,
  EndpointType,
  SecurityPolicy,
  type RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { Certificate, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AaaaRecord, ARecord, RecordTarget, type IHostedZone } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayDomain } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';

export interface DomainSettings {
  /** The whole name, without a scheme: `events.example.com`. */
  readonly name: string;
  /** For that name, in the stack's region; or its ARN. */
  readonly certificate: ICertificate | string;
  /**
   * In which the name's records are made.
   * @default - you make a CNAME, or an alias, to the output that has the target
   */
  readonly hostedZone?: IHostedZone;
}

export interface CustomDomainProps extends DomainSettings {
  readonly api: RestApi;
}

const NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const CERTIFICATE = /^arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/;

/** A name of yours in front of the API, whose own address still works: SDKs in the field may have it. */
export class CustomDomain extends Construct {
  /** Without a slash at the end. */
  readonly url: string;

  /** @throws Error for what is no name, or no certificate's ARN */
  constructor(scope: Construct, id: string, { api, name, certificate, hostedZone }: CustomDomainProps) {
    super(scope, id);
    if (!NAME.test(name))
      throw new Error(
        `domain.name: ${JSON.stringify(name)} is not a name; use one such as "events.example.com", in small letters and without a scheme`,
      );
    const domain = new DomainName(this, 'DomainName', {
      domainName: name,
      certificate: typeof certificate === 'string' ? this.#certificate(certificate) : certificate,
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    new CfnBasePathMapping(this, 'Mapping', {
      domainName: domain.domainName,
      restApiId: api.restApiId,
      stage: api.deploymentStage.stageName,
    });
    this.url = `https://${name}`;
    if (hostedZone === undefined) {
      new CfnOutput(this, 'Target', {
        value: domain.domainNameAliasDomainName,
        description: `Point a CNAME of ${name} at it`,
      });
      return;
    }
    const record = {
      zone: hostedZone,
      recordName: `${name}.`,
      target: RecordTarget.fromAlias(new ApiGatewayDomain(domain)),
    };
    new ARecord(this, 'A', record);
    new AaaaRecord(this, 'AAAA', record);
  }

  #certificate(arn: string): ICertificate {
    if (!CERTIFICATE.test(arn))
      throw new Error(
        `domain.certificate: ${JSON.stringify(arn)} is not the ARN of a certificate; use arn:aws:acm:<region>:<account>:certificate/<id>`,
      );
    return Certificate.fromCertificateArn(this, 'Certificate', arn);
  }
}
