/** Deploys the pipeline to the emulator's CloudFormation, as far as it knows what is in it. */
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { RawTemplate } from '../../local/template/nested.ts';
import { countTypes, reduce } from './reduce.ts';

export const STACK = 'Sluice';
export const SECRET = 'crm/token';
export const REGION = 'us-east-1';
/** Names for all: without them moto makes up some that no FIFO queue may have. */
export const CONTEXT = { namePrefix: 'emulated', removalPolicy: 'destroy' };

/** Any will do. */
export const ENVIRONMENT = {
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};

export const clientConfig = (url: string) => ({
  endpoint: url,
  region: REGION,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

/** moto's account. */
const BUCKET = `cdk-hnb659fds-assets-123456789012-${REGION}`;
/** A zip file without a file. No function runs. */
const EMPTY_ZIP = Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64');
const AS_S3 = { authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/s3/aws4_request` };

const put = async (url: string, body?: Buffer): Promise<void> => {
  const response = await fetch(url, {
    method: 'PUT',
    headers: AS_S3,
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  });
  if (!response.ok) throw new Error(`PUT ${url}: ${response.status} ${await response.text()}`);
};

/** What `cdk bootstrap`, the publication of assets and a person do before. */
const prepare = async (url: string, { Resources = {} }: RawTemplate): Promise<void> => {
  const config = clientConfig(url);
  await new SSMClient(config).send(
    new PutParameterCommand({ Name: '/cdk-bootstrap/hnb659fds/version', Value: '28', Type: 'String' }),
  );
  await new SecretsManagerClient(config).send(new CreateSecretCommand({ Name: SECRET, SecretString: 'x' }));
  await put(`${url}/${BUCKET}`);
  const keys = Object.values(Resources).map(
    ({ Properties = {} }) => (Properties['Code'] as { readonly S3Key?: string } | undefined)?.S3Key,
  );
  for (const key of new Set(keys)) if (key !== undefined) await put(`${url}/${BUCKET}/${key}`, EMPTY_ZIP);
};

export interface Deployment {
  readonly status: string;
  /** By type: how many the template has, and how many there are. */
  readonly made: readonly { readonly type: string; readonly wanted: number; readonly found: number }[];
  /** By type: how many moto does not know, or refer to one of those. */
  readonly leftOut: ReadonlyMap<string, number>;
}

export const deploy = async (url: string, whole: RawTemplate): Promise<Deployment> => {
  const { template, leftOut } = reduce(whole);
  await prepare(url, template);
  const client = new CloudFormationClient(clientConfig(url));
  await client.send(
    new CreateStackCommand({
      StackName: STACK,
      TemplateBody: JSON.stringify(template),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
    }),
  );
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: STACK }));
  const found: { Type: string }[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client },
    { StackName: STACK },
  ))
    found.push(...StackResourceSummaries.map(({ ResourceType = '' }) => ({ Type: ResourceType })));
  const there = countTypes(found);
  return {
    status: Stacks[0]?.StackStatus ?? 'unknown',
    made: [...countTypes(Object.values(template.Resources ?? {}))].map(([type, wanted]) => ({
      type,
      wanted,
      found: there.get(type) ?? 0,
    })),
    leftOut,
  };
};
