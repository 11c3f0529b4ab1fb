/** From what control was invoked with to what it does. */
import type { ControlAnswer } from '../../contract/operations.ts';
import { carryOut } from './commands/index.ts';
import type { ControlDeps } from './ports.ts';
import { reconcile } from './reconcile.ts';
import { recordPage } from './canary-pages.ts';
import { readTrigger } from './trigger.ts';

/**
 * @returns the answer to an operator's request; nothing for a run
 * @throws Error for an event that nobody sends; InfraFault; AggregateError of the steps of a run that failed
 */
export const control = async (event: unknown, deps: ControlDeps): Promise<ControlAnswer | undefined> => {
  const trigger = readTrigger(event);
  switch (trigger.kind) {
    case 'request':
      return carryOut(trigger.request, trigger.by === undefined ? deps : { ...deps, by: trigger.by });
    case 'page':
      await recordPage(deps, trigger);
      return undefined;
    case 'refused':
      return { ok: false, refused: trigger.refused };
    case 'minute':
    case 'flip':
      await reconcile(deps, { minute: trigger.kind === 'minute' });
      return undefined;
  }
};
