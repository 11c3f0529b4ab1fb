import { describe, expect, it } from '@jest/globals';
import { resolve, type Scope } from '../../../local/template/intrinsics.ts';

const scope: Scope = {
  physical: (logicalId) =>
    logicalId === 'Queue' ? { ref: 'http://sqs/queue', attributes: { Arn: 'arn:queue' } } : undefined,
  pseudo: { 'AWS::Region': 'us-east-1', 'AWS::Partition': 'aws' },
};

describe('resolve', () => {
  it.each<[string, unknown, unknown]>([
    ['a plain value', 3, 3],
    ['null', null, null],
    ['Ref of a resource', { Ref: 'Queue' }, 'http://sqs/queue'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['Ref of what does not exist here', { Ref: 'Bucket' }, 'Bucket'],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:queue'],
    ['Fn::GetAtt as text', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:queue'],
    ['Fn::GetAtt of what does not exist here', { 'Fn::GetAtt': ['Role', 'Arn'] }, 'Role.Arn'],
    ['Fn::Join', { 'Fn::Join': [':', ['arn', { Ref: 'AWS::Partition' }, 's3']] }, 'arn:aws:s3'],
    ['Fn::Split and Fn::Select', { 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    ['Fn::Select with a text index', { 'Fn::Select': ['0', ['a', 'b']] }, 'a'],
    [
      'Fn::Sub',
      { 'Fn::Sub': '${AWS::Region} ${Queue.Arn} ${Queue}' },
      'us-east-1 arn:queue http://sqs/queue',
    ],
    ['Fn::Sub with values of its own', { 'Fn::Sub': ['${x}!', { x: { Ref: 'AWS::Region' } }] }, 'us-east-1!'],
    [
      'what lies deeper',
      { a: [{ b: { Ref: 'Queue' } }], Ref: 'not alone, so a key like any other' },
      { a: [{ b: 'http://sqs/queue' }], Ref: 'not alone, so a key like any other' },
    ],
  ])('%s', (_, value, expected) => {
    expect(resolve(value, scope)).toEqual(expected);
  });

  it('refuses a function that it does not know, by its name', () => {
    expect(() => resolve({ a: { 'Fn::FindInMap': ['Map', 'a', 'b'] } }, scope)).toThrow(
      'the template uses Fn::FindInMap, which the local run does not know',
    );
  });
});
