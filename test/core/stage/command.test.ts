import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readStageCommand } from '../../../lambdas/core/stage/command.ts';

test.each([
  [{ sluice: 'probe' }, { sluice: 'probe' }],
  [{ sluice: 'probe', shard: 3 }, { sluice: 'probe' }],
  [
    { sluice: 'drain', shard: 0 },
    { sluice: 'drain', shard: 0 },
  ],
  [
    { sluice: 'drain', shard: 3, at: 'noon' },
    { sluice: 'drain', shard: 3 },
  ],
])('%j is a command for control', (event, command) => {
  expect(readStageCommand(event)).toEqual(command);
});

test.each([
  [undefined],
  [null],
  ['probe'],
  [['probe']],
  [{}],
  [{ sluice: 'drain' }],
  [{ sluice: 'drain', shard: '3' }],
  [{ sluice: 'hold', shard: 3 }],
  [{ shard: 3 }],
  [{ Records: [{ eventSource: 'aws:sqs', body: '{"sluice":"probe"}' }] }],
])('%j is not a command', (event) => {
  expect(readStageCommand(event)).toBeUndefined();
});

test('no event of SQS is taken for a command, whatever its messages contain', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (bodies) => {
      const Records = bodies.map((body) => ({ eventSource: 'aws:sqs', body: JSON.stringify(body) }));
      expect(readStageCommand({ Records })).toBeUndefined();
    }),
  );
});
