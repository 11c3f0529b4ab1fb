/** An operator's command: which requests it takes, and how it carries one out. `commands.ts` lists them. */
import * as v from 'valibot';
import type { ControlAnswer, ControlRequest, ControlResults } from '../../../contract/operations.ts';
import type { ControlDeps } from '../ports.ts';

export type CommandName = keyof ControlResults;

/** The contract's requests, by their commands. */
export type Requests = { readonly [Request in ControlRequest as Request['command']]: Request };

/** `wrapped` marks a schema that lets a field be absent. */
type Present<T> = v.GenericSchema<T> & { readonly wrapped?: never };

type IsOptional<T, Field extends keyof T> = object extends Pick<T, Field> ? true : false;

/** A schema for each field of the request, optional where the contract has it so. */
type Fields<Name extends CommandName> = {
  readonly [Field in Exclude<keyof Requests[Name], 'command'>]-?: IsOptional<
    Requests[Name],
    Field
  > extends true
    ? v.ExactOptionalSchema<v.GenericSchema<Required<Requests[Name]>[Field]>, undefined>
    : Present<Requests[Name][Field]>;
};

type RequestSchema<Name extends CommandName> = v.StrictObjectSchema<
  { readonly command: v.LiteralSchema<Name, undefined> } & Fields<Name>,
  undefined
>;

export interface Command<Name extends CommandName> {
  readonly schema: RequestSchema<Name>;
  /** @throws InfraFault, BadCursor, MessageRefused */
  readonly run: (deps: ControlDeps, request: Requests[Name]) => Promise<ControlAnswer<Name>>;
}

export const requestSchema = <const Name extends CommandName>(
  name: Name,
  fields: Fields<Name>,
): RequestSchema<Name> => v.strictObject({ command: v.literal(name), ...fields });
