/** What the values of a template become when it is deployed, at their longest. */
import type { Resource } from './synth.ts';

/** Longest names that CloudFormation makes up, by type; what is longer is cut. */
const NAMES: Readonly<Record<string, number>> = {
  'AWS::SQS::Queue': 80,
  'AWS::DynamoDB::GlobalTable': 255,
  'AWS::SNS::Topic': 256,
};
/** CloudFormation's limit. */
const LONGEST_STACK_NAME = 128;
export const ARN = 'arn:aws-us-gov:sqs:ap-southeast-1:123456789012:';
const QUEUES_URL = 'https://sqs.ap-southeast-1.amazonaws.com/123456789012/';
const MAPPING_ID = '01234567-89ab-cdef-0123-456789abcdef';

export type Value = string | Readonly<Record<string, unknown>>;

/**
 * @param resources of the template
 * @param stackNameLength characters
 * @returns what a value of an environment becomes
 */
export const longest = (
  resources: Readonly<Record<string, Resource>>,
  stackNameLength = LONGEST_STACK_NAME,
): ((value: Value) => string) => {
  const stackName = 'S'.repeat(stackNameLength);
  const typeOf = (id: string): string => resources[id]?.Type ?? '';
  /** `<stack>-<logical id>-<twelve characters>` */
  const nameOf = (id: string): string =>
    `${stackName}-${id}-${'R'.repeat(12)}`.slice(0, NAMES[typeOf(id)] ?? 255);
  const joined = (separator: string, parts: unknown): string => {
    if (Array.isArray(parts)) return (parts as Value[]).map(deployed).join(separator);
    const { 'Fn::Split': split } = parts as { 'Fn::Split': [string, Value] };
    return deployed(split[1]).split(split[0]).join(separator);
  };
  const attributeOf = (id: string, attribute: string): string => {
    if (typeOf(id) === 'AWS::CloudFormation::Stack' && /Mapping\w+Ref$/.test(attribute)) return MAPPING_ID;
    return attribute === 'Arn' ? `${ARN}${nameOf(id)}` : nameOf(id);
  };
  const deployed = (value: Value): string => {
    if (typeof value === 'string') return value.replaceAll('Sluice', stackName);
    const [[name, argument] = ['']] = Object.entries(value);
    if (name === 'Fn::Join') return joined(...(argument as [string, unknown]));
    if (name === 'Fn::GetAtt') return attributeOf(...(argument as [string, string]));
    if (name === 'Fn::Select') {
      const [i] = argument as [number];
      return QUEUES_URL.split('/')[i] ?? '';
    }
    const id = String(argument);
    if (typeOf(id) === 'AWS::Lambda::EventSourceMapping') return MAPPING_ID;
    if (typeOf(id) === 'AWS::SQS::Queue') return `${QUEUES_URL}${nameOf(id)}`;
    return typeOf(id) === 'AWS::SNS::Topic' ? `${ARN}${nameOf(id)}` : nameOf(id);
  };
  return deployed;
};

/** Bytes of a function's environment, as Lambda counts them. */
export const environmentSize = (
  variables: Readonly<Record<string, unknown>>,
  deployed: (value: Value) => string,
): number =>
  (Object.entries(variables) as [string, Value][]).reduce(
    (sum, [name, value]) => sum + name.length + deployed(value).length,
    0,
  );
