/** Carries out what an operator asks. */
import type { ControlAnswer, ControlRequest } from '../../../contract/operations.ts';
import { neededBy } from '../../../contract/permissions.ts';
import { BadCursor, MessageRefused } from '../../core/base/faults.ts';
import type { ControlDeps } from '../ports.ts';
import { refuse } from './answer.ts';
import type { CommandName, Requests } from './command.ts';
import { COMMANDS } from './commands.ts';

const run = <Name extends CommandName>(
  name: Name,
  request: Requests[Name],
  deps: ControlDeps,
): Promise<ControlAnswer<Name>> => COMMANDS[name].run(deps, request);

/** Requests that change nothing and show no content: a console makes them every second. */
const isHarmless = (request: ControlRequest): boolean => neededBy(request) === 'read';

/** Whose events they are is content. */
const withoutPerson = (request: ControlRequest): object => {
  if (request.command === 'erase') return { source: request.source };
  if (request.command !== 'replay') return request;
  const { userId, anonymousId, ...fields } = request;
  return { ...fields, ...((userId ?? anonymousId) === undefined ? {} : { ofOneUser: true }) };
};

/** A line for each request that changes something or shows content, before it is carried out. Whose events it is about is content. */
const record = (request: ControlRequest, { log, by = 'no name given' }: ControlDeps): void => {
  if (isHarmless(request)) return;
  const { command } = request;
  const fields = withoutPerson(request);
  log('info', 'an operator made a request', { ...fields, command, by });
};

/**
 * Carries out a request. What the operator did wrong is answered; what AWS fails to do is thrown.
 * @throws InfraFault; a command may be given again, also when it is not known how far it came
 */
export const carryOut = async (request: ControlRequest, deps: ControlDeps): Promise<ControlAnswer> => {
  record(request, deps);
  try {
    return await run(request.command, request, deps);
  } catch (error) {
    // What AWS will not take, however often it is asked to, is for the operator to know.
    if (error instanceof BadCursor || error instanceof MessageRefused) return refuse(error.message);
    throw error;
  }
};
