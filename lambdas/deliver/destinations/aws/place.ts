/** Where a resource of AWS is, by its ARN. */
import type { PostLimits } from '../../../aws/post.ts';

export interface Arn {
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** What follows: `name`, `stream/name`. */
  readonly resource: string;
}

/** @throws Error for what is not an ARN */
export const parseArn = (arn: string): Arn => {
  const [prefix, , service, region, account, ...resource] = arn.split(':');
  if (prefix !== 'arn' || service === undefined || region === undefined || account === undefined)
    throw new Error(`${arn} is not an ARN`);
  return { service, region, account, resource: resource.join(':') };
};

/**
 * @param stageQueueUrl of the stage's own queue: the queues of an account and region have URLs that differ in the name alone; SQS's host
 *   has the region
 */
export const queueUrlOf = ({ region, account, resource }: Arn, stageQueueUrl: string): string => {
  const url = new URL(stageQueueUrl);
  url.hostname = url.hostname.replace(/^sqs\.[^.]+\./, `sqs.${region}.`);
  url.pathname = `/${account}/${resource}`;
  return url.href;
};

/**
 * Where a service of a region is: as the SDK would find it, configuration files left out.
 * @param stageQueueUrl as above; it has the partition's domain
 * @param sdkId as variables of the environment name the service
 */
export const endpointOf = (
  { service, region }: Pick<Arn, 'service' | 'region'>,
  stageQueueUrl: string,
  env: Readonly<Record<string, string | undefined>>,
  sdkId = service.toUpperCase(),
): string => {
  const configured = env[`AWS_ENDPOINT_URL_${sdkId}`] ?? env['AWS_ENDPOINT_URL'];
  if (configured !== undefined) return configured;
  const [, domain = 'amazonaws.com'] = /^sqs\.[^.]+\.(.+)$/.exec(new URL(stageQueueUrl).hostname) ?? [];
  return `https://${service}.${region}.${domain}`;
};

/** A call ends within the time that a request of the destination may take: what is tried again is tried by the stage. */
export const limitsOf = (requestTimeout: number): PostLimits => {
  const connect = Math.min(1_000, requestTimeout / 2);
  return { connect, answer: requestTimeout - connect };
};
