/** The console of a pipeline on AWS: the local run's page, whose requests go to control with the credentials of who started it. */
import { randomBytes } from 'node:crypto';
import type { ControlAnswer, ControlRequest } from '../../contract/operations.ts';
import { neededBy } from '../../contract/permissions.ts';
import type { StatusReport } from '../../contract/status.ts';
import type { ConsolePlace } from '../../local/console/contract.ts';
import { startConsole, Unavailable, type ConsoleActions } from '../../local/console/server.ts';
import type { Listening } from '../../local/common/http.ts';
import { HOST } from '../../local/common/settings.ts';
import { Refusal, type Ask } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import type { Watch } from './watch.ts';

/** What the page asks. The rest of the commands is not for a button: they delete, or read all that is kept. */
const OFFERED: ReadonlySet<unknown> = new Set<ControlRequest['command']>([
  'status',
  'parked',
  'show',
  'rejected',
  'hold',
  'resume',
  'retry',
  'discard',
  'retry-rejected',
]);

const isOffered = (request: unknown): request is ControlRequest =>
  typeof request === 'object' && request !== null && OFFERED.has(Reflect.get(request, 'command'));

const refuse = (refused: string): ControlAnswer => ({ ok: false, refused });

/** What the command line, without whose process there is no page, knows of the pipeline. */
export interface Shown extends Pick<ConsolePlace, 'options' | 'deploy' | 'operates'> {
  readonly stack: string;
}

/** A request of the page costs an invocation of control, and control's own requests to AWS. */
const PERIOD = 10_000;
const LISTS_PERIOD = 60_000;

/**
 * @param ask with the person's credentials: what they do not allow, AWS refuses
 * @param watch of CloudWatch, with the same credentials
 */
export const stackActions = (ask: Ask, shown: Shown, watch: Watch): ConsoleActions => ({
  metrics: (from) => watch.metrics(from),
  alarms: () => watch.alarms(),
  place: { ...shown, period: PERIOD, listsPeriod: LISTS_PERIOD },
  control: async (request) => {
    if (!isOffered(request)) return refuse('the console does not offer this; use npx sluice');
    if (!shown.operates && neededBy(request) === 'operate')
      return refuse(
        `${request.command}: this console only shows; to change something start it with --operate`,
      );
    try {
      const result = await ask(request);
      if (request.command === 'status') watch.note(result as StatusReport);
      return { ok: true, result };
    } catch (error) {
      if (error instanceof Refusal) return refuse(error.message);
      if (error instanceof CommandFailure) throw new Unavailable(error.message, { cause: error });
      throw error;
    }
  },
});

/** It listens on this machine alone, at an address that cannot be guessed. @throws UsageError when the port is in use */
export const startStackConsole = (ask: Ask, shown: Shown, watch: Watch, port: number): Promise<Listening> =>
  startConsole(
    stackActions(ask, shown, watch),
    { host: HOST, port, choose: 'set --port' },
    randomBytes(24).toString('base64url'),
  );
