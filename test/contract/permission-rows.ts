/** Each of an operator's requests, and who may make it. */
import type { ControlRequest } from '../../contract/operations.ts';
import type { Permission } from '../../contract/permissions.ts';

type Command = ControlRequest['command'];
type RequestOf<Name extends Command> = Extract<ControlRequest, { readonly command: Name }>;
type Row<Name extends Command> = readonly (readonly [request: RequestOf<Name>, ...may: Permission[]])[];

const match = { stage: 'crm', reason: '400' };
const user = { source: 'web', userId: 'ada' };

/** A command without a row does not compile. After the request: who may make it. */
const ROWS = {
  status: [[{ command: 'status' }, 'read', 'content', 'operate']],
  hold: [[{ command: 'hold', stage: 'crm', reason: 'bad import' }, 'operate']],
  resume: [[{ command: 'resume', stage: 'crm' }, 'operate']],
  parked: [[{ command: 'parked' }, 'read', 'content', 'operate']],
  show: [
    [{ command: 'show', stage: 'crm', key: 'k' }, 'read', 'content', 'operate'],
    [{ command: 'show', stage: 'crm', key: 'k', content: false }, 'read', 'content', 'operate'],
    [{ command: 'show', stage: 'crm', key: 'k', content: true }, 'content'],
  ],
  retry: [[{ command: 'retry' }, 'operate']],
  discard: [[{ command: 'discard', stage: 'crm', key: 'k', messageId: 'm', reason: 'spam' }, 'operate']],
  rejected: [
    [{ command: 'rejected' }, 'read', 'content', 'operate'],
    [{ command: 'rejected', content: false }, 'read', 'content', 'operate'],
    [{ command: 'rejected', content: true }, 'content'],
  ],
  'retry-rejected': [[{ command: 'retry-rejected', stage: 'crm', id: 'r' }, 'operate']],
  'resend-rejected': [
    [{ command: 'resend-rejected', ...match }, 'operate'],
    [{ command: 'resend-rejected', ...match, dryRun: false }, 'operate'],
    [{ command: 'resend-rejected', ...match, dryRun: true }, 'read', 'content', 'operate'],
  ],
  'delete-rejected': [
    [{ command: 'delete-rejected', ...match }, 'operate'],
    [{ command: 'delete-rejected', ...match, dryRun: false }, 'operate'],
    [{ command: 'delete-rejected', ...match, dryRun: true }, 'read', 'content', 'operate'],
  ],
  find: [[{ command: 'find', userId: 'ada' }, 'read', 'content', 'operate']],
  erase: [
    [{ command: 'erase', ...user }, 'operate'],
    [{ command: 'erase', ...user, dryRun: false }, 'operate'],
    [{ command: 'erase', ...user, dryRun: true }, 'read', 'content', 'operate'],
  ],
  replay: [
    [{ command: 'replay', stage: 'crm', from: '2026-01-01T00:00:00.000Z' }, 'operate'],
    [{ command: 'replay', id: 'r1' }, 'operate'],
    [{ command: 'replay', stage: 'crm', dryRun: true }, 'read', 'content', 'operate'],
  ],
  canary: [[{ command: 'canary', run: 'r1' }, 'read', 'content', 'operate']],
  'canary-set': [[{ command: 'canary-set', answer: 'take' }, 'operate']],
} satisfies { readonly [Name in Command]: Row<Name> };

export const PERMISSION_ROWS: readonly (readonly [ControlRequest, ...Permission[]])[] =
  Object.values(ROWS).flat();
