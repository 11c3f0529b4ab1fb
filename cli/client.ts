/** Asks control, over whatever carries the request, and separates its answers from its failures. */
import type { ControlAnswer, ControlRequest, ControlResults, Signed } from '../contract/operations.ts';
import { neededBy, type Permission } from '../contract/permissions.ts';
import { CommandFailure } from './failure.ts';
import { line, plain, stackLines } from './format.ts';

export interface Invocation {
  /** What the function returned, or how it failed; JSON. */
  readonly payload: string;
  /** Set when it failed. */
  readonly functionError?: string;
}

/** Control answered, and will not do it. */
export class Refusal extends CommandFailure {
  override name = 'Refusal';
}

/** Invokes control's function with a payload, for which the permission is enough. @throws CommandFailure when it cannot be reached */
export type Transport = (payload: string, permission: Permission) => Promise<Invocation>;

export type RequestOf<Command extends keyof ControlResults> = ControlRequest & { readonly command: Command };

/** @throws Refusal with what control refused; CommandFailure, how it failed */
export type Ask = <Command extends keyof ControlResults>(
  request: RequestOf<Command>,
) => Promise<ControlResults[Command]>;

/** Fields that a deployed version may not know, and without which it answers as well. */
const NEWER_FIELDS = ['by', 'seen'] as const;

const without = (request: object, field: string): object =>
  Object.fromEntries(Object.entries(request).filter(([name]) => name !== field));

/** @param by who asks, for control's records; undefined: no name is given */
export const controlClient =
  (transport: Transport, by?: string): Ask =>
  async <Command extends keyof ControlResults>(request: RequestOf<Command>) => {
    let asked: object = by === undefined ? request : { ...request, by };
    for (;;) {
      try {
        return await ask<Command>(transport, asked as RequestOf<Command>);
      } catch (error) {
        if (!(error instanceof CommandFailure)) throw error;
        const { message } = error;
        const unknown = NEWER_FIELDS.find(
          (field) => field in asked && message.startsWith(`${field}: unknown`),
        );
        if (unknown === undefined) throw error;
        asked = without(asked, unknown);
      }
    }
  };

const ask = async <Command extends keyof ControlResults>(
  transport: Transport,
  request: RequestOf<Command> & Signed,
): Promise<ControlResults[Command]> => {
  const { payload, functionError } = await transport(JSON.stringify(request), neededBy(request));
  const parsed = parse(payload);
  if (functionError !== undefined) throw new CommandFailure(describeFailure(parsed ?? payload));
  if (!isAnswer<Command>(parsed)) {
    throw new CommandFailure(
      `control gave no answer to ${request.command} that can be read: ${line(payload, 200)}\n` +
        'Perhaps another version is deployed than the one of this command line; deploy this one, or use that one.',
    );
  }
  if (!parsed.ok) throw new Refusal(plain(parsed.refused));
  return parsed.result;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Not JSON: the caller shows it as it is.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isAnswer = <Command extends keyof ControlResults>(value: unknown): value is ControlAnswer<Command> => {
  if (!isRecord(value)) return false;
  return value['ok'] === true ? 'result' in value : typeof value['refused'] === 'string';
};

/** Lambda's report of an error: its type, its message, and where, if the function could still report it. */
const describeFailure = (payload: unknown): string => {
  if (!isRecord(payload)) return `control's function failed: ${line(String(payload), 200)}`;
  const text = (key: string): string => (typeof payload[key] === 'string' ? payload[key] : '');
  const what = [text('errorType'), text('errorMessage')].filter((part) => part !== '').join(': ');
  const trace = Array.isArray(payload['trace']) ? payload['trace'].join('\n') : '';
  return [
    `control's function failed: ${line(what, 500)}`,
    ...stackLines(trace, 3, 96).map((at) => `  ${at}`),
    'It may have done a part of what was asked. Its log has more.',
  ].join('\n');
};
