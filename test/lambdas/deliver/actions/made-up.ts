/** A destination that a test makes up, and the events of one user through its actions. */
import type { JsonObject } from '../../../../lambdas/core/event/event.ts';
import type {
  Catalogue,
  LibraryDestination,
} from '../../../../lambdas/deliver/destinations/actions/catalogue.ts';
import type { Account, Result } from '../../../../lambdas/deliver/destinations/actions/protocol.ts';
import { RunScope } from '../../../../lambdas/deliver/destinations/actions/run-scope.ts';
import { Runner } from '../../../../lambdas/deliver/destinations/actions/runner.ts';

export type Bundle = Parameters<LibraryDestination['executeAction']>[1];
type Batch = Parameters<LibraryDestination['executeBatch']>[1];

interface Made {
  /** What an action does with an event; throws, as those of the library. */
  readonly perform?: (action: string, bundle: Bundle) => void;
  readonly batch?: (action: string, bundle: Batch) => readonly { status: number; errormessage?: string }[];
  readonly refresh?: () => { accessToken: string };
  readonly subscriptions?: Account['subscriptions'];
  readonly oauth?: Account['oauth'];
  readonly time?: number;
  /** Whether actions ask anybody. */
  readonly asks?: boolean;
}

const idOf = ({ messageId }: JsonObject): string => (typeof messageId === 'string' ? messageId : '');

export const httpError = (status: number, content = '', headers = {}): Error =>
  Object.assign(new Error('HTTP'), {
    response: { status, url: 'https://api.example/v1', headers: new Headers(headers), content },
  });

export const world = (made: Made) => {
  const calls: string[] = [];
  let clock = 0;
  const scope = new RunScope(made.time ?? 1_000, () => clock);
  const done = (): void => {
    if (made.asks !== false) scope.answers += 1;
  };
  const catalogue: Catalogue = {
    parseFql: (text) => ({ text }),
    validate: (query, { type }) => (query as { text: string }).text.split(',').includes(type as string),
    destination: {
      actions: {
        single: { hasBatchSupport: false },
        second: { hasBatchSupport: false },
        several: { hasBatchSupport: true },
      },
      authentication: made.refresh && { scheme: 'oauth2', refreshAccessToken: made.refresh },
      executeAction: (action, bundle) => {
        calls.push(`${action} ${idOf(bundle.event)}`);
        clock += 100;
        return Promise.resolve().then(() => {
          made.perform?.(action, bundle);
          done();
        });
      },
      executeBatch: (action, bundle) => {
        calls.push(`${action} [${bundle.events.map(idOf).join(' ')}]`);
        return Promise.resolve().then(() => {
          const statuses = made.batch?.(action, bundle) ?? bundle.events.map(() => ({ status: 200 }));
          done();
          return statuses;
        });
      },
      refreshAccessToken: () => {
        calls.push('refresh');
        return Promise.resolve().then(() => made.refresh?.());
      },
    },
  };
  const runner = new Runner(catalogue, () => 0);
  const account: Account = {
    settings: { key: 'the-key-1234' },
    oauth: made.oauth ?? {},
    env: {},
    subscriptions: made.subscriptions ?? [{ action: 'single', subscribe: 'track', mapping: {} }],
    secrets: ['the-key-1234'],
    batch: 10,
  };
  const run = async (...events: readonly JsonObject[]): Promise<readonly Result[]> => {
    const results: Result[] = [];
    await runner.run(events, account, scope, results);
    return results;
  };
  return { run, calls };
};

export const track = (messageId: string): JsonObject => ({ type: 'track', messageId });
export const several = [{ action: 'several', subscribe: 'track', mapping: {} }];
