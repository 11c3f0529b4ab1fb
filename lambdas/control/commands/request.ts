/** Reads an operator's request. What is wrong with it is answered, not thrown: it is a person who will read it. */
import * as v from 'valibot';
import type { ControlRequest } from '../../../contract/operations.ts';

/** Entries of a page, when the operator names no number ... */
export const DEFAULT_LIMIT = 50;

/** ... and at most: each costs reads, and the answer has to fit Lambda's 6 MB. */
export const MAX_LIMIT = 200;

const text = (what: string) =>
  v.pipe(
    v.string(`expected ${what}`),
    v.check((value) => value.trim() !== '', `is empty; give ${what}`),
  );

const stage = text('the id of a stage');
const key = text('an order key, as "parked" lists it');
const reason = v.pipe(text('a reason, in a few words'), v.maxLength(1_000, 'at most 1,000 characters'));
const limit = v.pipe(
  v.number('expected a number'),
  v.integer('expected a whole number'),
  v.minValue(1, 'at least 1'),
  v.maxValue(MAX_LIMIT, `at most ${MAX_LIMIT}; ask for the rest with the cursor of the answer`),
);
const cursor = text('the cursor of an answer');
const content = v.boolean('expected true or false');

const command = <const Name extends string, Entries extends v.ObjectEntries>(name: Name, entries: Entries) =>
  v.strictObject({ command: v.literal(name), ...entries });

const page = { limit: v.exactOptional(limit), cursor: v.exactOptional(cursor) };

const options = [
  command('status', {}),
  command('hold', { stage, reason }),
  command('resume', { stage }),
  command('parked', { stage: v.exactOptional(stage), ...page }),
  command('show', { stage, key, content: v.exactOptional(content), limit: v.exactOptional(limit) }),
  command('retry', { stage: v.exactOptional(stage), key: v.exactOptional(key) }),
  command('discard', { stage, key, messageId: text("the event's messageId"), reason }),
  command('rejected', { stage: v.exactOptional(stage), content: v.exactOptional(content), ...page }),
  command('retry-rejected', { stage, id: text('the id of a record, as "rejected" lists it') }),
] as const;

const COMMANDS = options.map((option) => option.entries.command.literal).join(', ');

const requestSchema = v.variant('command', options, `is none; the commands are ${COMMANDS}`);

const describe = (issue: v.BaseIssue<unknown>): string => {
  const field = (issue.path ?? []).map(({ key: name }) => String(name)).join('.');
  if (issue.type !== 'strict_object') return `${field}: ${issue.message}`;
  return issue.expected === 'never' ? `${field}: unknown; remove it` : `${field}: is missing`;
};

export const readRequest = (
  event: unknown,
):
  | { readonly kind: 'request'; readonly request: ControlRequest }
  | { readonly kind: 'refused'; readonly refused: string } => {
  const result = v.safeParse(requestSchema, event, { abortPipeEarly: true });
  if (!result.success) return { kind: 'refused', refused: result.issues.map(describe).join('; ') };
  const request = result.output;
  if (request.command === 'retry' && request.key !== undefined && request.stage === undefined) {
    return { kind: 'refused', refused: 'stage: is missing; a key is parked in a stage' };
  }
  return { kind: 'request', request };
};
