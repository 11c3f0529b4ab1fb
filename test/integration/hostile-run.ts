/** A local run whose user code is `hostile-transform.mjs`, in the router or in a destination. */
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { Crash } from '../../contract/modes.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { Receiver, ReceivedEvent } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { parkedKeys } from '../support/operator.ts';
import { webhookPipeline, withTransform } from '../support/pipelines.ts';

const source = readFileSync(new URL('hostile-transform.mjs', import.meta.url), 'utf8');

export type HostileStage = 'router' | 'crm';

export type Sent = Readonly<Record<string, unknown>> & {
  readonly userId: string;
  readonly messageId: string;
};

/** @param properties `how`: what the transform does with the event @param more further fields */
export const track = (
  userId: string,
  seq: number | string,
  properties: object = {},
  more: object = {},
): Sent => ({
  type: 'track',
  event: 'Step',
  userId,
  messageId: `${userId}-${String(seq)}`,
  properties: { seq, ...properties },
  ...more,
});

export class HostileRun {
  readonly stage: HostileStage;
  readonly run: LocalRun;
  readonly receiver: Receiver;

  private constructor(stage: HostileStage, run: LocalRun, receiver: Receiver) {
    this.stage = stage;
    this.run = run;
    this.receiver = receiver;
  }

  static async start(stage: HostileStage): Promise<HostileRun> {
    const receiver = await startReceiver();
    const config = webhookPipeline(receiver, {
      // All poison here is that of single users; another test covers the threshold that degrades the stage.
      degradedMode: { redriveThreshold: 100 },
      alerts: { urls: [receiver.url('/alarms')] },
    });
    const run = await startLocalRun({
      config: withTransform(config, stage, './hostile.mjs'),
      files: { 'hostile.mjs': source },
      env: { SLUICE_CONTROL_SECONDS: '5' },
    });
    return new HostileRun(stage, run, receiver);
  }

  /** For the message of a failed wait. */
  readonly context = (): string => this.run.output.slice(-6_000);

  /** One request, and so usually one batch of the queue. */
  async send(events: readonly Sent[]): Promise<void> {
    const response = await fetch(`${this.run.dataPlaneUrl}/v1/batch`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('web-key:').toString('base64')}` },
      body: JSON.stringify({ batch: events }),
    });
    expect(response.status).toBe(200);
  }

  takenOf(userId: string): readonly ReceivedEvent[] {
    return this.receiver.takenBy('/crm').filter((event) => event['userId'] === userId);
  }

  async arrival(users: readonly string[]): Promise<void> {
    const isThere = () => users.every((user) => this.takenOf(user).length > 0);
    await until(`an event of each of ${users.join(', ')}`, isThere, { context: this.context });
  }

  /** The log lines of crashes. */
  crashLines(): readonly Readonly<Record<string, unknown>>[] {
    return this.run.output
      .split('\n')
      .filter((line) => line.includes('"message":"crashed"'))
      .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as Readonly<Record<string, unknown>>);
  }

  /** Waits until the event's key is parked. @returns its crash */
  untilParked(messageId: string): Promise<Crash> {
    const crash = async () =>
      (await parkedKeys(this.run, this.stage)).find((key) => key.crash?.eventId === messageId)?.crash;
    return until(`${messageId} to be parked`, crash, {
      deadlineMs: 2 * DEADLINE_MS,
      context: this.context,
    });
  }
}
