/** A destination whose id is changed, that is removed, or that is added again: what CloudFormation keeps of it, and of the others. */
import { afterAll, describe, expect, it } from '@jest/globals';
import type { EventPipelineProps } from '../../lib/index.ts';
import { minimal, ofType, removeDirectories, synthesize, type Resource, type Synthesized } from './synth.ts';

afterAll(removeDirectories);

const pipeline = (...ids: readonly string[]): EventPipelineProps => ({
  ...minimal,
  destinations: ids.map((id) => ({ id, type: 'webhook', url: `https://${id}.example.com/hook` })),
});

/** What has events in it, by logical id. */
const storage = (synthesized: Synthesized): ReadonlyMap<string, Resource> =>
  new Map(['AWS::SQS::Queue', 'AWS::DynamoDB::GlobalTable'].flatMap((type) => ofType(synthesized, type)));

const idsOf = (synthesized: Synthesized): readonly string[] => [...storage(synthesized).keys()];
const without = (all: readonly string[], some: readonly string[]): readonly string[] =>
  all.filter((id) => !some.includes(id));

const before = synthesize(pipeline('crm', 'lake'));
const removed = synthesize(pipeline('lake'));
const renamed = synthesize(pipeline('crm-2', 'lake'));
const addedAgain = synthesize(pipeline('lake', 'crm'));

describe('the queues and tables of a stack', () => {
  it('of a removed destination two queues go, and are retained in the account', () => {
    const gone = without(idsOf(before), idsOf(removed));
    expect(gone).toHaveLength(2);
    for (const id of gone) {
      expect(id).toContain('Destinationcrm');
      expect(storage(before).get(id)).toMatchObject({
        Type: 'AWS::SQS::Queue',
        DeletionPolicy: 'RetainExceptOnCreate',
      });
    }
    expect(without(idsOf(removed), idsOf(before))).toEqual([]);
  });

  it('a changed id is a removal and an addition: no queue is taken over', () => {
    const gone = without(idsOf(before), idsOf(renamed));
    const come = without(idsOf(renamed), idsOf(before));
    expect([gone.length, come.length]).toEqual([2, 2]);
    expect(gone).toEqual(without(idsOf(before), idsOf(removed)));
  });

  it('those of all others stay as they are, wherever a destination is in the list', () => {
    for (const after of [removed, renamed, addedAgain])
      for (const [id, resource] of storage(after))
        if (storage(before).has(id)) expect([id, resource]).toEqual([id, storage(before).get(id)]);
    expect(new Set(idsOf(addedAgain))).toEqual(new Set(idsOf(before)));
  });
});
