/** What a call of AWS that fails means for the check that needs it. */
import { describe, expect, it } from '@jest/globals';
import { optional, orAbsent, read } from '../../../cli/doctor/aws-read.ts';
import { NotRead } from '../../../cli/doctor/finding.ts';
import { CommandFailure } from '../../../cli/failure.ts';

const failing = (name: string, more: object = {}): (() => Promise<string>) => {
  const error = Object.assign(new Error(`it is ${name}`), { name, ...more });
  return () => Promise.reject(error);
};

describe('a call', () => {
  it.each(['AccessDeniedException', 'ThrottlingException', 'TimeoutError'])(
    'that ends with %s leaves its check unmade',
    async (name) => {
      await expect(read('sqs:GetQueueAttributes', failing(name))).rejects.toBeInstanceOf(NotRead);
    },
  );

  it.each([
    ['CredentialsProviderError', {}],
    ['ExpiredToken', {}],
    ['Error', { code: 'ENOTFOUND' }],
    ['Error', { message: 'Region is missing' }],
  ])('that ends with %s %j ends the command', async (name, more) => {
    await expect(read('sqs:GetQueueAttributes', failing(name, more))).rejects.toBeInstanceOf(CommandFailure);
  });

  it('for what is not there has no answer, and no other error is one', async () => {
    expect(await orAbsent(failing('NotFound')(), 'NotFound')).toBeUndefined();
    await expect(orAbsent(failing('Denied')(), 'NotFound')).rejects.toThrow('it is Denied');
  });
});

describe('a client that is not installed', () => {
  it('leaves its check unmade, and is named', async () => {
    const load = failing('Error', { code: 'ERR_MODULE_NOT_FOUND' });
    await expect(optional('@aws-sdk/client-ssm', load)).rejects.toThrow(
      '@aws-sdk/client-ssm is not installed: npm install --save-dev @aws-sdk/client-ssm',
    );
  });

  it('is no excuse for a module that is broken', async () => {
    await expect(optional('x', failing('SyntaxError'))).rejects.toThrow('it is SyntaxError');
  });
});
