/** The operator's commands. */
import type { ControlAnswer, ControlRequest } from '../../../contract/operations.ts';
import { BadCursor, MessageRefused } from '../../core/base/faults.ts';
import type { ControlDeps } from '../ports.ts';
import { refuse } from './answer.ts';
import { discard } from './discard.ts';
import { hold, resume } from './hold.ts';
import { parked } from './parked.ts';
import { rejected } from './rejected.ts';
import { retryRejected } from './retry-rejected.ts';
import { retry } from './retry.ts';
import { show } from './show.ts';
import { status } from './status.ts';

const run = (request: ControlRequest, deps: ControlDeps): Promise<ControlAnswer> => {
  switch (request.command) {
    case 'status':
      return status(deps);
    case 'hold':
      return hold(deps, request);
    case 'resume':
      return resume(deps, request);
    case 'parked':
      return parked(deps, request);
    case 'show':
      return show(deps, request);
    case 'retry':
      return retry(deps, request);
    case 'discard':
      return discard(deps, request);
    case 'rejected':
      return rejected(deps, request);
    case 'retry-rejected':
      return retryRejected(deps, request);
  }
};

/**
 * Carries out a request. What the operator did wrong is answered; what AWS fails to do is thrown.
 * @throws InfraFault; a command may be given again, also when it is not known how far it came
 */
export const carryOut = async (request: ControlRequest, deps: ControlDeps): Promise<ControlAnswer> => {
  try {
    return await run(request, deps);
  } catch (error) {
    // What AWS will not take, however often it is asked to, is for the operator to know.
    if (error instanceof BadCursor || error instanceof MessageRefused) return refuse(error.message);
    throw error;
  }
};
