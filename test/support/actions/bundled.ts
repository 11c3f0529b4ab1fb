/** A destination of the catalogue as it is deployed: its files, its thread, and the sender that uses it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkActions, resolveActions } from '../../../config/catalogue/index.ts';
import { openLibrary } from '../../../config/catalogue/library.ts';
import type { WrittenActions } from '../../../config/destinations/actions.ts';
import { BUNDLE_FILES } from '../../../contract/bundle.ts';
import type { ActionsSettings } from '../../../contract/settings.ts';
import type { Secrets } from '../../../lambdas/aws/secrets.ts';
import { NOTHING_TO_REDACT } from '../../../lambdas/core/base/redaction.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { actionsSender } from '../../../lambdas/deliver/destinations/actions/sender.ts';
import { DestinationThread } from '../../../lambdas/deliver/destinations/actions/thread.ts';
import type { Verdict } from '../../../lambdas/deliver/destinations/sender.ts';
import { buildCode } from '../../../lib/code.ts';
import { ROOT } from '../../../local/common/settings.ts';

export type Written = Pick<WrittenActions, 'destination'> & Partial<WrittenActions>;

/** The value of a secret is its name, with which it can be looked for. */
export const VALUE = (name: string): string => `value-of-${name}`;

export interface BundledOptions {
  readonly origin: string;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Values of secrets; others have `VALUE`. */
  readonly secrets?: Readonly<Record<string, string>>;
}

export class Bundled {
  readonly size: number;
  readonly settings: ActionsSettings;
  readonly thread: DestinationThread;
  /** How often the secrets were to be read again. */
  expired = 0;
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'sluice-actions-'));
  readonly #send: ReturnType<typeof actionsSender>['send'];

  /** @throws Error with what is wrong with the configuration */
  constructor(given: Written, { origin, timeout = 30_000, secrets = {} }: BundledOptions) {
    const written: WrittenActions = { settings: {}, oauth: {}, env: {}, batch: 1, ...given };
    const issues = checkActions(written, openLibrary(ROOT));
    if (issues.length > 0) throw new Error(issues.join('\n'));
    const { destination, oauth, env, batch } = written;
    this.settings = {
      id: 'it',
      type: 'actions',
      destination,
      ...resolveActions(written, ROOT),
      oauth,
      env,
      batch,
      maxConcurrency: 2,
      enabled: true,
    };
    const code = buildCode('deliver', { destination: this.settings }, { baseDir: ROOT, where: 'test' });
    for (const name of [BUNDLE_FILES.actions, BUNDLE_FILES.catalogue])
      writeFileSync(path.join(this.#directory, name), code.files.get(name) ?? '');
    this.size = code.files.get(BUNDLE_FILES.catalogue)?.length ?? 0;
    const at = (name: string): URL => pathToFileURL(path.join(this.#directory, name));
    this.thread = new DestinationThread({
      program: at(BUNDLE_FILES.actions),
      module: at(BUNDLE_FILES.catalogue).href,
      networks: ['loopback'],
      timeout,
      grace: timeout / 4,
      memory: 256,
      origin,
      now: () => performance.now(),
    });
    const reader: Secrets = {
      read: (names) => Promise.resolve(new Map(names.map((name) => [name, secrets[name] ?? VALUE(name)]))),
      expire: () => {
        this.expired += 1;
      },
      redact: NOTHING_TO_REDACT,
    };
    this.#send = actionsSender({
      destination: this.settings,
      timing: { requestTimeout: timeout },
      secrets: reader,
      run: (events, account, mayBegin) => this.thread.run(events, account, mayBegin),
    }).send;
  }

  /** Of one user. */
  async send(...events: readonly SluiceEvent[]): Promise<readonly Verdict[]> {
    const outgoing = events.map((content, i) => ({
      sourceId: 'web',
      key: 'ada',
      place: `1:${i}:0`,
      content,
    }));
    const said = await this.#send(outgoing, () => 60_000);
    return said?.kind === 'each' ? said.verdicts : [];
  }

  /** As a new environment does, before its first event. */
  load(): Promise<void> {
    return this.thread.start({});
  }

  async close(): Promise<void> {
    await this.thread.close();
    rmSync(this.#directory, { recursive: true });
  }
}
