/** Asks control, as the console does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlAnswer, ControlRequest, ControlResults } from '../../contract/operations.ts';

const isBusy = (text: string): boolean => /ConcurrentInvocationLimitExceeded|TimeoutError/.test(text);

/**
 * @param patience how often control is asked again, a second later, while another run of it is under way or a call of it takes too
 * long: on a machine that is busy it may take longer than its interval
 * @throws Error with what control refused
 */
export const askControl = async <Command extends keyof ControlResults>(
  consoleUrl: string,
  request: ControlRequest & { readonly command: Command },
  patience = 0,
): Promise<ControlResults[Command]> => {
  const response = await fetch(`${consoleUrl}/api/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  if (response.status === 500 && isBusy(text) && patience > 0) {
    await sleep(1_000);
    return askControl(consoleUrl, request, patience - 1);
  }
  if (response.status !== 200) throw new Error(`control: ${response.status} ${text}`);
  const answer = JSON.parse(text) as ControlAnswer<Command>;
  if (answer.ok) return answer.result;
  throw new Error(`control refused: ${answer.refused}`);
};
