/** Asks control, as the command line and the console do. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlAnswer, StageStatus, StatusReport } from '../contract/operations.ts';

const POLL_MS = 300;
/** For a hang; on a slow machine the story takes longer. */
const LIMIT_MS = 240_000;

export const pipelineStatus = async (consoleUrl: string): Promise<StatusReport> => {
  const response = await fetch(`${consoleUrl}/api/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ command: 'status' }),
  });
  const answer = (await response.json()) as ControlAnswer<'status'>;
  if (!answer.ok) throw new Error(answer.refused);
  return answer.result;
};

export const routerStatus = async (consoleUrl: string): Promise<StageStatus> => {
  const [router] = (await pipelineStatus(consoleUrl)).stages;
  if (router === undefined) throw new Error('control knows no stage');
  return router;
};

/**
 * Waits until `check` gives something. On a busy machine control may fail to answer; then it is asked again.
 * @throws Error that names what did not come
 */
export const until = async <T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  limitMs = LIMIT_MS,
): Promise<T> => {
  const deadline = Date.now() + limitMs;
  let cause: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await check();
      if (found !== undefined) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`waited in vain for ${what}`, { cause });
};
