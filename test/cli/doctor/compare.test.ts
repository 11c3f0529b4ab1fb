/** Two templates compared. */
import { describe, expect, it } from '@jest/globals';
import { compareTrees } from '../../../cli/doctor/compare.ts';
import { lineOf } from '../../../cli/doctor/checks/templates.ts';
import type { TemplateTree } from '../../../local/template/tree.ts';

const tree = (Resources: object, more: object = {}, nested: Readonly<Record<string, TemplateTree>> = {}) =>
  ({ template: { Resources, ...more }, nested: new Map(Object.entries(nested)) }) as TemplateTree;

const queue = (properties: object, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: properties,
  ...more,
});

const lines = (wanted: TemplateTree, deployed: TemplateTree): readonly string[] =>
  compareTrees(wanted, deployed).map(lineOf);

describe('templates that are the same', () => {
  it('may have paths of a machine, the statistics of the CDK, and question marks for what is not ASCII', () => {
    const wanted = tree({ Q: queue({ Name: 'Störung 🔥' }, { Metadata: { 'aws:cdk:path': 'A/Q' } }) });
    const deployed = tree({
      Q: queue({ Name: 'St?rung ??' }),
      CDKMetadata: { Type: 'AWS::CDK::Metadata', Properties: { Analytics: 'v2' } },
    });
    expect(lines(wanted, deployed)).toEqual([]);
    expect(lines(deployed, wanted)).toEqual([]);
  });
});

describe('templates that are not the same', () => {
  it('differ in a property, however deep, in a list, and in what is kept', () => {
    const wanted = tree({ Q: queue({ A: { B: [1, 2] }, C: 1 }, { DeletionPolicy: 'Retain' }) });
    const deployed = tree({ Q: queue({ A: { B: [1, 3] } }) });
    expect(lines(wanted, deployed)).toEqual([
      'AWS::SQS::Queue Q: differs in Properties.A.B.1, Properties.C, DeletionPolicy',
    ]);
  });

  it('tell a number from its text, and a question mark from a letter', () => {
    expect(lines(tree({ Q: queue({ A: 1 }) }), tree({ Q: queue({ A: '1' }) }))).toHaveLength(1);
    expect(lines(tree({ Q: queue({ A: 'a' }) }), tree({ Q: queue({ A: '?' }) }))).toHaveLength(1);
  });

  it('have other outputs', () => {
    const output = (Value: string) => ({ Outputs: { Url: { Value } } });
    expect(lines(tree({}, output('a')), tree({}, output('b')))).toEqual(['output Url: differs in Value']);
  });

  it('have it in a nested stack, or have no such nested stack', () => {
    const outer = { N: { Type: 'AWS::CloudFormation::Stack', Properties: {} } };
    const wanted = tree(outer, {}, { N: tree({ Q: queue({ A: 1 }) }) });
    expect(lines(wanted, tree(outer, {}, { N: tree({ Q: queue({ A: 2 }) }) }))).toEqual([
      'AWS::SQS::Queue N/Q: differs in Properties.A',
    ]);
    expect(lines(wanted, tree({}))).toEqual(['AWS::CloudFormation::Stack N: only in the configuration']);
  });
});
