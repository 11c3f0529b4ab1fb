/** Who makes a request, as the request says: in the log of each that changes something or shows content, and in records. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { World } from './world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const ask = (request: object) => control({ by: 'ada@laptop', ...request }, world.deps);
const made = () => world.logged.filter(({ message }) => message === 'an operator made a request');

describe('a signed request', () => {
  it.each([
    { command: 'hold', stage: 'crm', reason: 'bad import' },
    { command: 'resume', stage: 'crm' },
    { command: 'retry', stage: 'crm' },
    { command: 'discard', stage: 'crm', key: 'ann', messageId: 'e1', reason: 'spam' },
    { command: 'retry-rejected', stage: 'crm', id: 'r1' },
    { command: 'resend-rejected', stage: 'crm', reason: '400' },
    { command: 'delete-rejected', stage: 'crm', id: 'r1' },
    { command: 'show', stage: 'crm', key: 'ann', content: true },
    { command: 'rejected', content: true },
  ])('to $command is logged with its name, whatever comes of it', async (request) => {
    await ask(request);
    expect(made()).toEqual([
      { level: 'info', message: 'an operator made a request', fields: { ...request, by: 'ada@laptop' } },
    ]);
  });

  it('to erase is logged without the user', async () => {
    await ask({ command: 'erase', source: 'web', userId: 'ada-the-user' });
    expect(made().map(({ fields }) => fields)).toEqual([
      { command: 'erase', source: 'web', by: 'ada@laptop' },
    ]);
  });

  it.each([
    { command: 'status' },
    { command: 'parked' },
    { command: 'rejected' },
    { command: 'erase', source: 'web', userId: 'ada', dryRun: true },
  ])('to read ($command) is not logged', async (request) => {
    await ask(request);
    expect(made()).toEqual([]);
  });

  it('names who holds a stage, in the reason', async () => {
    const answer = await ask({ command: 'hold', stage: 'crm', reason: 'bad import' });
    expect(answer).toMatchObject({ result: { held: true, reason: 'held: bad import (ada@laptop)' } });
  });

  it('names who discarded an event, in its record', async () => {
    await world.park('crm', 'ann', [{ messageId: 'e1', userId: 'ann' }]);
    await ask({ command: 'discard', stage: 'crm', key: 'ann', messageId: 'e1', reason: 'spam' });
    expect(world.rejections).toMatchObject([{ reason: 'spam', by: 'ada@laptop' }]);
    const listed = await ask({ command: 'rejected' });
    expect(listed).toMatchObject({ result: { events: [{ by: 'ada@laptop' }] } });
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(201)],
    ['no text', 7],
    ['a control character', 'ada\u001B[2J'],
    ['a bidirectional control', 'ada\u202E'],
  ])('is refused when the name is %s', async (_, by) => {
    const answer = await ask({ command: 'status', by });
    expect(answer).toMatchObject({ ok: false, refused: expect.stringMatching(/^by: /) });
  });
});

it('a request without a name is carried out, and logged as such', async () => {
  await control({ command: 'retry', stage: 'crm' }, world.deps);
  expect(made().map(({ fields }) => fields['by'])).toEqual(['no name given']);
});
