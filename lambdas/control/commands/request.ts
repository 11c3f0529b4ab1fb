/** Reads an operator's request. What is wrong with it is answered, not thrown: a person will read it. */
import * as v from 'valibot';
import type { ControlRequest } from '../../../contract/operations.ts';
import type { JsonObject } from '../../core/event/event.ts';
import { COMMANDS } from './commands.ts';

const schema = v.variant(
  'command',
  Object.values(COMMANDS).map((command) => command.schema),
  `is unknown; the commands are ${Object.keys(COMMANDS).join(', ')}`,
);

/** No control character: it is shown in terminals, and in logs. */
const signature = v.exactOptional(
  v.pipe(
    v.string('expected who makes the request, as text'),
    v.regex(/^[^\p{C}]+$/u, 'is empty, or has characters that nobody sees'),
    v.maxLength(200, 'at most 200 characters'),
  ),
);

const describe = (issue: v.BaseIssue<unknown>): string => {
  const field = (issue.path ?? []).map(({ key: name }) => String(name)).join('.');
  if (issue.type !== 'strict_object') return `${field}: ${issue.message}`;
  return issue.expected === 'never' ? `${field}: unknown; remove it` : `${field}: is missing`;
};

export const readRequest = (
  event: JsonObject,
):
  | { readonly kind: 'request'; readonly request: ControlRequest; readonly by?: string }
  | { readonly kind: 'refused'; readonly refused: string } => {
  const { by, ...unsigned } = event;
  const signed = v.safeParse(v.strictObject({ by: signature }), by === undefined ? {} : { by });
  const result = v.safeParse(schema, unsigned, { abortPipeEarly: true });
  if (result.success && signed.success) return { kind: 'request', request: result.output, ...signed.output };
  const issues = [...(result.issues ?? []), ...(signed.issues ?? [])];
  return { kind: 'refused', refused: issues.map(describe).join('; ') };
};
