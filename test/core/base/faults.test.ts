import { expect, test } from '@jest/globals';
import { BadCursor, InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';

test('a log shows errors by their own names', () => {
  const cause = new Error('ECONNRESET');
  expect(String(new InfraFault('SQS is down', { cause }))).toBe('InfraFault: SQS is down');
  expect(new InfraFault('SQS is down', { cause }).cause).toBe(cause);
  expect(String(new MessageRefused('too large'))).toBe('MessageRefused: too large');
  expect(new MessageRefused('too large')).not.toBeInstanceOf(InfraFault);
  expect(String(new BadCursor())).toMatch(/^BadCursor: cursor: it is not one that was given with a page/);
  expect(new BadCursor({ cause }).cause).toBe(cause);
});
