import { describe, expect, it } from '@jest/globals';
import { TRANSFORM_METADATA } from '../../../config/assembly.ts';
import type { FunctionSpec } from '../../../local/lambda/template.ts';
import { affectedBy, transformedFunctions } from '../../../local/run/hot-swap.ts';

const spec = (logicalId: string) => ({ logicalId }) as FunctionSpec;

const transformed = transformedFunctions(
  ['Router', 'Crm', 'Plain'].map(spec),
  new Map([
    [
      'Router',
      [{ type: TRANSFORM_METADATA, data: { key: 'transform', inputs: ['/a/all.ts', '/a/shared.ts'] } }],
    ],
    [
      'Crm',
      [{ type: 'other' }, { type: TRANSFORM_METADATA, data: { key: 'crm', inputs: ['/a/shared.ts'] } }],
    ],
    ['Plain', [{ type: 'aws:cdk:logicalId', data: 'Plain' }]],
  ]),
);

const affected = (...changed: string[]) =>
  affectedBy(changed, transformed)?.map(({ transform }) => transform.key);

it('the functions with a transform are known by what their constructs say', () => {
  expect(transformed.map(({ spec: { logicalId } }) => logicalId)).toEqual(['Router', 'Crm']);
});

describe('a change of files', () => {
  it('is of the functions whose transforms are made of them', () => {
    expect(affected('/a/all.ts')).toEqual(['transform']);
    expect(affected('/a/shared.ts')).toEqual(['transform', 'crm']);
  });

  it('is for a synthesis when one of them is anything else', () => {
    expect(affected('/a/app.ts')).toBeUndefined();
    expect(affected('/a/all.ts', '/a/app.ts')).toBeUndefined();
    expect(affected()).toBeUndefined();
  });
});
