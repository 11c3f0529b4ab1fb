import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';

export interface WebAclProps {
  readonly api: RestApi;
  /** Of a web ACL of AWS WAF, of the scope REGIONAL and in the API's region. */
  readonly webAclArn: string;
}

/** Puts a firewall of yours in front of the API. A request that it blocks is answered 429, so that SDKs keep its events. */
export class WebAcl extends Construct {
  constructor(scope: Construct, id: string, { api, webAclArn }: WebAclProps) {
    super(scope, id);
    new CfnWebACLAssociation(this, 'Association', { resourceArn: api.deploymentStage.stageArn, webAclArn });
  }
}
