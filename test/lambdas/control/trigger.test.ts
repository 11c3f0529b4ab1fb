import { describe, expect, it } from '@jest/globals';
import { readTrigger } from '../../../lambdas/control/trigger.ts';

describe('what invokes control', () => {
  it('is the schedule', () => {
    expect(readTrigger({ source: 'aws.events', 'detail-type': 'Scheduled Event' })).toEqual({
      kind: 'minute',
    });
  });

  it('is a message of the flip topic', () => {
    const event = { Records: [{ EventSource: 'aws:sns', Sns: { Message: '{}' } }] };
    expect(readTrigger(event)).toEqual({ kind: 'flip' });
  });

  it.each([
    [{ command: 'status' }],
    [{ command: 'hold', stage: 'crm', reason: 'maintenance' }],
    [{ command: 'resume', stage: 'crm' }],
    [{ command: 'parked', stage: 'crm', limit: 200, cursor: 'abc' }],
    [{ command: 'show', stage: 'crm', key: 'k', content: true, limit: 1 }],
    [{ command: 'retry' }],
    [{ command: 'retry', stage: 'crm', key: 'k' }],
    [{ command: 'discard', stage: 'crm', key: 'k', messageId: 'm', reason: 'spam' }],
    [{ command: 'rejected', content: false }],
    [{ command: 'retry-rejected', stage: 'ingest', id: 'r' }],
    [{ command: 'resend-rejected', stage: 'crm', reason: '400', since: '2026-11-22T10:00:00.000Z' }],
  ])('is a request: %j', (request) => {
    expect(readTrigger(request)).toEqual({ kind: 'request', request });
  });

  it.each([
    [{ command: 'explode' }, 'command: is unknown; the commands are status, hold,'],
    [{ command: 7 }, 'command: is unknown'],
    [{ command: 'hold', stage: 'crm' }, 'reason: is missing'],
    [{ command: 'hold', stage: 'crm', reason: '  ' }, 'reason: is empty; give a reason, in a few words'],
    [{ command: 'hold', stage: 'crm', reason: 'a'.repeat(1001) }, 'reason: at most 1,000 characters'],
    [{ command: 'resume', stage: 7 }, 'stage: expected the id of a stage'],
    [{ command: 'show', stage: 'crm' }, 'key: is missing'],
    [{ command: 'parked', limit: 0 }, 'limit: at least 1'],
    [{ command: 'parked', limit: 1.5 }, 'limit: expected a whole number'],
    [{ command: 'parked', limit: '5' }, 'limit: expected a number'],
    [{ command: 'rejected', limit: 201 }, 'limit: at most 200'],
    [{ command: 'rejected', content: 'yes' }, 'content: expected true or false'],
    [{ command: 'status', verbose: true }, 'verbose: unknown; remove it'],
    [{ command: 'retry', key: 'k' }, 'stage: is missing; a key is parked in a stage'],
  ])('refuses %j', (request, refused) => {
    expect(readTrigger(request)).toEqual({ kind: 'refused', refused: expect.stringContaining(refused) });
  });

  it.each([
    [undefined],
    [null],
    ['status'],
    [{}],
    [{ Records: [] }],
    [{ Records: [{ eventSource: 'aws:sqs' }] }],
  ])('is nothing else: %j', (event) => {
    expect(() => readTrigger(event)).toThrow('for a run send {"source":"aws.events"}');
  });
});
