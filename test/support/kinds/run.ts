/** One local run with a destination of each kind that is a resource of AWS, all of which get the same events, and faults of their services. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import writeFileAtomic from 'write-file-atomic';
import type { SluiceEvent } from '../../../config/index.ts';
import { ROOT } from '../../../local/common/settings.ts';
import type { LocalRun } from '../../../tools/driver/local-run.ts';
import type { SentEvent } from '../../../tools/driver/audit.ts';
import { DEADLINE_MS, until } from '../../../tools/driver/until.ts';
import { sendPlainly } from '../../integration/clients.ts';
import { newLocalRun } from '../local-run.ts';
import { stageStatus } from '../operator.ts';
import { FUNCTION, KINDS, type Kind } from './kinds.ts';
import { arrivals, type Arrivals } from './arrivals.ts';

/** Makes an event of the user `large` larger than the kind takes. */
const larger = (bytes: number): string => `export default (event) =>
  event.userId === 'large' ? { ...event, properties: { ...event.properties, text: 'x'.repeat(${bytes}) } } : event;`;

const MODULES = Object.fromEntries(
  KINDS.flatMap(({ id, tooLarge }) =>
    tooLarge === undefined ? [] : [[`${id}.mjs`, larger(tooLarge.bytes)] as const],
  ),
);

/** A fault of a service: `destination-faults.mjs` has its fields. */
export type Fault = Readonly<Record<string, string | number>>;

export class KindsRun {
  readonly run: LocalRun;
  readonly #faults = join(process.env['TMPDIR'] ?? '/tmp', `sluice-kinds-faults-${process.pid}.json`);
  #arrivals: Arrivals | undefined;

  constructor() {
    this.run = newLocalRun({
      config: {
        sources: [{ id: 'web', writeKey: 'web-key' }],
        destinations: KINDS.map(({ id, config, tooLarge }) => ({
          id,
          ...config,
          ...(tooLarge && { transform: `./${id}.mjs` }),
        })),
        timing: { minBackoff: '1s', maxBackoff: '2s', refusalDelay: '2s' },
        degradedMode: {
          breakerTime: '3s',
          breakerFailures: 5,
          pause: '2s',
          recoverAfter: 5,
          window: '2s',
          maxDrainBackoff: '4s',
        },
      },
      files: MODULES,
      env: { SLUICE_CONTROL_SECONDS: '1', SLUICE_CONCURRENCY: '2', SLUICE_TEST_FAULTS: this.#faults },
      preload: [pathToFileURL(join(ROOT, 'test', 'support', 'destination-faults.mjs')).href],
    });
    mkdirSync(join(this.run.dataDir, 'functions'), { recursive: true });
    writeFileAtomic.sync(join(this.run.dataDir, 'functions', 'enrich.mjs'), FUNCTION);
  }

  async start(): Promise<void> {
    await this.run.start();
    this.#arrivals = await arrivals(this.run);
  }

  close(): void {
    this.#arrivals?.close();
    rmSync(this.#faults, { force: true });
  }

  send(events: readonly SentEvent[]): Promise<void> {
    return sendPlainly(events, { url: () => this.run.dataPlaneUrl, writeKey: 'web-key' });
  }

  /** In place of those before. In one step: the run reads them at any time. */
  setFaults(faults: readonly Fault[]): void {
    writeFileAtomic.sync(this.#faults, JSON.stringify(faults));
  }

  /** What has come of users whose names begin so, oldest first. */
  async of(kind: Kind, prefix: string): Promise<readonly SluiceEvent[]> {
    const all = (await this.#arrivals?.of(kind)) ?? [];
    return all.filter(({ userId }) => String(userId).startsWith(prefix));
  }

  /** Waits until as many events, each counted once, have come of users whose names begin so. @returns all that came of them */
  async untilArrived(kind: Kind, prefix: string, count: number): Promise<readonly SluiceEvent[]> {
    let found: readonly SluiceEvent[] = [];
    await until(
      `${count} events of ${prefix} in ${kind.id}`,
      async () => {
        found = await this.of(kind, prefix);
        return new Set(found.map(({ messageId }) => messageId)).size >= count;
      },
      {
        deadlineMs: 2 * DEADLINE_MS,
        pollMs: 100,
        context: () => `${found.length}\n${this.run.output.slice(-4000)}`,
      },
    );
    return found;
  }

  /** Waits until the stage shows words. @returns all that it shows */
  untilShown(stage: string, words: string): Promise<string> {
    let shown = '';
    return until(
      `${stage} to show ${words}`,
      async () => {
        shown = JSON.stringify(await stageStatus(this.run, stage));
        return shown.includes(words) ? shown : undefined;
      },
      { pollMs: 250, context: () => shown },
    );
  }
}
