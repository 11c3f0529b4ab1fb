/** What moto is given of a template, and how the outcome is judged. */
import { describe, expect, it } from '@jest/globals';
import { DAMAGED, differences, HEALTHY } from '../../../tools/emulate/doctor.ts';
import { reduce } from '../../../tools/emulate/reduce.ts';

const TEMPLATE = {
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true }, DependsOn: ['Policy', 'Topic'] },
    Topic: { Type: 'AWS::SNS::Topic' },
    Policy: { Type: 'AWS::SQS::QueuePolicy', Properties: { Queues: [{ Ref: 'Queue' }] } },
    Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: {} },
    // It refers to one that refers to an alarm.
    Custom: { Type: 'Custom::Alarms', Properties: { Names: [{ Ref: 'Alarm' }] } },
    After: { Type: 'Custom::After', Properties: { At: { 'Fn::GetAtt': ['Custom', 'Name'] } } },
    Table: {
      Type: 'AWS::DynamoDB::GlobalTable',
      Properties: { TableName: 'state', KeySchema: [], Replicas: [{ Region: { Ref: 'AWS::Region' } }] },
    },
  },
  Outputs: { Url: { Value: { Ref: 'Queue' } }, Name: { Value: { 'Fn::GetAtt': ['After', 'Name'] } } },
};

describe('a template for moto', () => {
  const { template, leftOut } = reduce(TEMPLATE);

  it('has neither what moto does not know, nor what refers to it', () => {
    expect(Object.keys(template.Resources ?? {})).toEqual(['Queue', 'Topic', 'Table']);
    expect(template.Outputs).toEqual({ Url: { Value: { Ref: 'Queue' } } });
    expect(Object.fromEntries(leftOut)).toEqual({
      'AWS::SQS::QueuePolicy': 1,
      'AWS::CloudWatch::Alarm': 1,
      'Custom::Alarms': 1,
      'Custom::After': 1,
    });
  });

  it('waits for nothing that is left out', () => {
    expect(template.Resources?.['Queue']).toMatchObject({ DependsOn: ['Topic'] });
  });

  it('has tables of one region', () => {
    expect(template.Resources?.['Table']).toEqual({
      Type: 'AWS::DynamoDB::Table',
      Properties: { TableName: 'state', KeySchema: [] },
    });
  });
});

it('names each check that is not as it should be, and those that are not there', () => {
  expect(differences(HEALTHY, HEALTHY)).toEqual([]);
  expect(differences({ ...HEALTHY, drift: 'wrong' }, HEALTHY)).toEqual([]);
  expect(differences(HEALTHY, DAMAGED)).toEqual([
    'doctor: secrets is fine, and should be wrong',
    'doctor: queues is fine, and should be wrong',
  ]);
  expect(differences({}, { queues: 'fine' })).toEqual(['doctor: queues is not there, and should be fine']);
});
