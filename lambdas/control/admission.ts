/**
 * Whether an invocation is admitted, by the name through which control's function was invoked. IAM decides who may use which name; what a
 * name allows is decided here, before anything else reads the event.
 */
import type { ControlAnswer } from '../../contract/operations.ts';
import { includes, neededBy, PERMISSIONS, type Permission } from '../../contract/permissions.ts';
import { isJsonObject } from '../core/event/event.ts';
import { refuse } from './commands/answer.ts';
import { readRequest } from './commands/request.ts';
import type { Log } from './ports.ts';

/** `:function:<name>`, and the version or alias, if the caller gave one. */
const INVOKED = /:function:[^:]+(?::(.+))?$/;

const isPermission = (name: string): name is Permission => (PERMISSIONS as readonly string[]).includes(name);

type Name =
  /** The function itself: everything is allowed, as to the schedule, SNS and CloudFormation. */
  | { readonly kind: 'function' }
  | { readonly kind: 'alias'; readonly permission: Permission }
  /** One that a person has made, or one of a later version: what it allows is not known here. */
  | { readonly kind: 'other' };

const nameIn = (invokedArn: string): Name => {
  const found = INVOKED.exec(invokedArn);
  if (found === null) return { kind: 'other' };
  const [, qualifier = '$LATEST'] = found;
  if (qualifier === '$LATEST') return { kind: 'function' };
  return isPermission(qualifier) ? { kind: 'alias', permission: qualifier } : { kind: 'other' };
};

interface Refusal {
  readonly refused: string;
  /** For the log; absent when the request is merely wrong. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

const onAlias = (alias: Permission, event: unknown): Refusal | undefined => {
  if (!isJsonObject(event) || !('command' in event)) {
    return {
      refused: `the alias "${alias}" of control's function takes operators' requests only; other events need lambda:InvokeFunction on the function itself`,
      fields: { alias },
    };
  }
  // Not left to those that read the event next: what is a request and something else must not reach them.
  const read = readRequest(event);
  if (read.kind === 'refused') return { refused: read.refused };
  const { request, by } = read;
  const needed = neededBy(request);
  if (includes(alias, needed)) return undefined;
  const what = needed === 'content' ? `${request.command} with content` : request.command;
  return {
    refused:
      `${what}: needs the permission "${needed}", which is lambda:InvokeFunction on the alias "${needed}" of control's function; ` +
      `it was asked for through the alias "${alias}"`,
    fields: { command: request.command, needed, alias, ...(by === undefined ? {} : { by }) },
  };
};

const refusalOf = (event: unknown, invokedArn: string): Refusal | undefined => {
  const name = nameIn(invokedArn);
  switch (name.kind) {
    case 'function':
      return undefined;
    case 'alias':
      return onAlias(name.permission, event);
    case 'other':
      return {
        refused: `control was invoked as "${invokedArn}", which allows nothing; its aliases are ${PERMISSIONS.join(', ')}, and the function itself allows everything`,
        fields: { invoked: invokedArn },
      };
  }
};

/** @returns the answer, if the invocation is refused; undefined: it is admitted */
export const refusedAdmission = (event: unknown, invokedArn: string, log: Log): ControlAnswer | undefined => {
  const refusal = refusalOf(event, invokedArn);
  if (refusal === undefined) return undefined;
  const { refused, fields } = refusal;
  if (fields !== undefined) log('warn', 'an invocation was refused: it lacks a permission', fields);
  return refuse(refused);
};
