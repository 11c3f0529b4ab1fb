/** The sender of a destination of Segment's catalogue, whose code is next to this function's. */
import { BUNDLE_FILES } from '../../../../contract/bundle.ts';
import { ENV } from '../../../../contract/environment.ts';
import type { ActionsSettings } from '../../../../contract/settings.ts';
import { roomForRequest } from '../../room.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { actionsSender } from './sender.ts';
import { DestinationThread } from './thread.ts';

/** MB of the thread's heap; the function has 512. */
const THREAD_MEMORY = 256;

const isPlain = (env: ActionsSettings['env']): env is Readonly<Record<string, string>> =>
  Object.values(env).every((value) => typeof value === 'string');

export const actionsDestination = (destination: ActionsSettings, deps: KindDeps): Sender => {
  const { requestTimeout } = deps.timing;
  const origin = process.env[ENV.actionsOrigin] ?? '';
  const thread = new DestinationThread({
    program: new URL(BUNDLE_FILES.actions, import.meta.url),
    module: new URL(BUNDLE_FILES.catalogue, import.meta.url).href,
    networks: deps.allowsLoopback ? ['loopback'] : [],
    timeout: requestTimeout,
    // A thread that is blocked is ended within the room of a request.
    grace: (roomForRequest(deps.timing) - requestTimeout) / 2,
    memory: THREAD_MEMORY,
    origin: deps.allowsLoopback && origin !== '' ? origin : undefined,
    now: () => performance.now(),
  });
  if (isPlain(destination.env)) void thread.start(destination.env);
  return actionsSender({
    destination,
    timing: deps.timing,
    secrets: deps.secrets,
    run: (events, account, mayBegin) => thread.run(events, account, mayBegin),
  });
};
