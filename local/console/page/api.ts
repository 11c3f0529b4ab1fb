/** What the page asks: of the local run, or of the console of a stack, which asks AWS. */
import type { ControlAnswer, ControlRequest, ControlResults } from '../../../contract/operations.ts';
import type { AlarmView, ConsoleAbout, ErrorAnswer, FlowSeries } from '../contract.ts';
import { place, server } from './place.ts';

/** It answered, and will not or cannot do it: the message says why. */
export class Refused extends Error {
  override name = 'Refused';
}

/** It answered, and could not ask AWS: the message says why. */
export class Unavailable extends Error {
  override name = 'Unavailable';
}

/** It did not answer. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

/** A redeployment synthesizes and bundles everything; the rest is quick, or waits for AWS. */
const DEADLINE = 20_000;
const STACK_DEADLINE = 60_000;
const REDEPLOY_DEADLINE = 300_000;

const usualDeadline = (): number => (place().stack === undefined ? DEADLINE : STACK_DEADLINE);

const ask = async (path: string, init: RequestInit = {}, deadline = usualDeadline()): Promise<unknown> => {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(deadline) });
    text = await response.text();
  } catch (error) {
    throw new Unreachable(`${server()} does not answer: ${String(error)}`, { cause: error });
  }
  if (response.ok) return JSON.parse(text) as unknown;
  const error = errorIn(text, response.status);
  throw response.status === BAD_GATEWAY ? new Unavailable(error) : new Refused(error);
};

const BAD_GATEWAY = 502;

const errorIn = (text: string, status: number): string => {
  try {
    return (JSON.parse(text) as ErrorAnswer).error;
  } catch {
    return `${server()} answered ${status}: ${text.slice(0, 500)}`;
  }
};

/** @throws Refused, Unreachable */
export const about = async (): Promise<ConsoleAbout> => (await ask('api/about')) as ConsoleAbout;

/** @throws Refused, Unavailable, Unreachable */
export const control = async <Command extends keyof ControlResults>(
  request: ControlRequest & { readonly command: Command },
): Promise<ControlResults[Command]> => {
  const answer = (await ask('api/control', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })) as ControlAnswer<Command>;
  if (answer.ok) return answer.result;
  throw new Refused(answer.refused);
};

/** @param from milliseconds since 1970 @throws Refused, Unreachable */
export const metrics = async (from: number): Promise<FlowSeries> =>
  (await ask(`api/metrics?from=${Math.floor(from)}`)) as FlowSeries;

/** @throws Refused, Unreachable */
export const alarms = async (): Promise<readonly AlarmView[]> =>
  (await ask('api/alarms')) as readonly AlarmView[];

/** @throws Refused with what is wrong in the configuration, Unreachable */
export const redeploy = (): Promise<unknown> => ask('api/redeploy', { method: 'POST' }, REDEPLOY_DEADLINE);

interface Page {
  readonly cursor?: string;
}

/** The first `pages` pages of a list. */
export const firstPages = async <P extends Page>(
  pages: number,
  read: (cursor: string | undefined) => Promise<P>,
): Promise<{ readonly pages: readonly P[]; readonly more: boolean }> => {
  const found: P[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    found.push(page);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < pages);
  return { pages: found, more: cursor !== undefined };
};
