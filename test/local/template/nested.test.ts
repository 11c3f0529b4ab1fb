import { describe, expect, it } from '@jest/globals';
import { flatten, type RawTemplate } from '../../../local/template/nested.ts';

const url = (key: string) => ({ 'Fn::Join': ['', ['https://s3.', { Ref: 'AWS::Region' }, `/${key}`]] });

const nestedStack = (key: string, Parameters: Readonly<Record<string, unknown>> = {}) => ({
  Type: 'AWS::CloudFormation::Stack',
  Properties: { TemplateURL: url(key), Parameters },
});

const queue = (properties: Readonly<Record<string, unknown>> = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: properties,
});

const read =
  (templates: Readonly<Record<string, RawTemplate>>) =>
  (templateUrl: unknown): Promise<RawTemplate> => {
    const found = Object.entries(templates).find(([key]) => JSON.stringify(templateUrl).includes(key));
    if (found === undefined) throw new Error(`no template ${JSON.stringify(templateUrl)}`);
    return Promise.resolve(found[1]);
  };

const flat = async (template: RawTemplate, templates: Readonly<Record<string, RawTemplate>>) => {
  const { resources, outputs } = await flatten(template, read(templates));
  return { outputs, of: new Map(resources.map((one) => [one.logicalId, one])) };
};

describe('a nested stack', () => {
  it('has its resources in the one stack, under ids of its own', async () => {
    const { of } = await flat(
      { Resources: { OneAAAAAAAA: nestedStack('one'), TwoBBBBBBBB: nestedStack('two') } },
      { one: { Resources: { Queue: queue({ QueueName: '1' }) } }, two: { Resources: { Queue: queue() } } },
    );
    expect(of.get('QueueAAAAAAAA')).toEqual({
      logicalId: 'QueueAAAAAAAA',
      idInTemplate: 'Queue',
      nestedIn: 'OneAAAAAAAA',
      type: 'AWS::SQS::Queue',
      properties: { QueueName: '1' },
    });
    expect(of.get('QueueBBBBBBBB')?.properties).toEqual({});
  });

  it('refers to its own resources by those ids, and to those of AWS as it did', async () => {
    const properties = {
      ref: { Ref: 'Dead' },
      arn: [{ 'Fn::GetAtt': ['Dead', 'Arn'] }],
      text: { 'Fn::GetAtt': 'Dead.Arn' },
      sub: { 'Fn::Sub': 'to ${Dead} at ${Dead.Arn} in ${AWS::Region} ${!Dead}' },
      region: { Ref: 'AWS::Region' },
    };
    const { of } = await flat(
      { Resources: { OneAAAAAAAA: nestedStack('one') } },
      { one: { Resources: { Dead: queue(), Queue: queue(properties) } } },
    );
    const arn = { 'Fn::GetAtt': ['DeadAAAAAAAA', 'Arn'] };
    expect(of.get('QueueAAAAAAAA')?.properties).toEqual({
      ref: { Ref: 'DeadAAAAAAAA' },
      arn: [arn],
      text: arn,
      sub: {
        'Fn::Sub': [
          'to ${Dead} at ${Dead.Arn} in ${AWS::Region} ${!Dead}',
          { Dead: { Ref: 'DeadAAAAAAAA' }, 'Dead.Arn': arn },
        ],
      },
      region: { Ref: 'AWS::Region' },
    });
  });

  it('has for a parameter what it is given, or the default', async () => {
    const { of } = await flat(
      {
        Resources: {
          Table: { Type: 'AWS::DynamoDB::Table' },
          OneAAAAAAAA: nestedStack('one', { table: { Ref: 'Table' } }),
        },
      },
      {
        one: {
          Parameters: { table: {}, size: { Default: '5' } },
          // A resource of the same id as one outside is another.
          Resources: {
            Table: queue({ given: { Ref: 'table' }, size: { Ref: 'size' }, own: { Ref: 'Table' } }),
          },
        },
      },
    );
    expect(of.get('TableAAAAAAAA')?.properties).toEqual({
      given: { Ref: 'Table' },
      size: '5',
      own: { Ref: 'TableAAAAAAAA' },
    });
  });

  it('gives its outputs to the stack around it, and to another nested one', async () => {
    const output = { 'Fn::GetAtt': ['OneAAAAAAAA', 'Outputs.Arn'] };
    const { of, outputs } = await flat(
      {
        Resources: {
          Reader: queue({ arn: output }),
          OneAAAAAAAA: nestedStack('one'),
          TwoBBBBBBBB: nestedStack('two', { arn: output }),
        },
        Outputs: { Name: { Value: { 'Fn::Join': [':', ['x', output]] } } },
      },
      {
        one: {
          Resources: { Queue: queue() },
          Outputs: { Arn: { Value: { 'Fn::GetAtt': ['Queue', 'Arn'] } } },
        },
        two: { Parameters: { arn: {} }, Resources: { Queue: queue({ arn: { Ref: 'arn' } }) } },
      },
    );
    const arn = { 'Fn::GetAtt': ['QueueAAAAAAAA', 'Arn'] };
    expect(of.get('Reader')?.properties).toEqual({ arn });
    expect(of.get('QueueBBBBBBBB')?.properties).toEqual({ arn });
    expect(outputs).toEqual({ Name: { 'Fn::Join': [':', ['x', arn]] } });
  });

  it('may have one in it', async () => {
    const { of } = await flat(
      { Resources: { Topic: queue(), OneAAAAAAAA: nestedStack('one', { topic: { Ref: 'Topic' } }) } },
      {
        one: {
          Parameters: { topic: {} },
          Resources: { TwoBBBBBBBB: nestedStack('two', { topic: { Ref: 'topic' } }) },
        },
        two: { Parameters: { topic: {} }, Resources: { Queue: queue({ topic: { Ref: 'topic' } }) } },
      },
    );
    expect(of.get('QueueBBBBBBBBAAAAAAAA')?.properties).toEqual({ topic: { Ref: 'Topic' } });
  });
});
