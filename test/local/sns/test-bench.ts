/** SNS over HTTP with the SDK's own client, and stand-ins for the pagers, functions and queues that it delivers to. */
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen, readBody, type Listening } from '../../../local/common/http.ts';
import { SnsService } from '../../../local/sns/service.ts';
import type { SendEntry } from '../../../local/sqs/types.ts';
import type { SubscriptionSpec } from '../../../local/sns/template.ts';
import { until } from '../../../tools/driver/until.ts';
import { clientOptions, startTestApi } from '../run/test-api.ts';

export const ARN = 'arn:aws:sns:us-east-1:000000000000:alarms';
export const topic = { name: 'alarms', arn: ARN };

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What one test has, from its `beforeEach` on. */
class Bench {
  readonly pager: Listening;
  readonly dataDir: string;
  received: Received[] = [];
  /** What the pager answers, one after another; then 200. 0: it hangs up. `undefined`: it does not answer. */
  answers: (number | undefined)[] = [];
  invoked: [string, unknown][] = [];
  deadLetters: [string, SendEntry][] = [];
  outcomes: [string, boolean][] = [];
  trouble: string[] = [];
  /** When a function's invocation is over. */
  invoking = Promise.resolve();
  sns: SnsService;

  constructor(pager: Listening) {
    this.pager = pager;
    this.dataDir = mkdtempSync(join(tmpdir(), 'sluice-sns-'));
    this.sns = this.newService();
  }

  newService(): SnsService {
    return new SnsService({
      dataDir: this.dataDir,
      invoke: (name, event) => {
        this.invoked.push([name, event]);
        return this.invoking;
      },
      send: (queue, entry) => {
        this.deadLetters.push([queue, entry]);
        return Promise.resolve();
      },
      onOutcome: (...outcome) => this.outcomes.push(outcome),
      onTrouble: (line) => this.trouble.push(line),
      firstDelayMs: 1,
    });
  }
}

export let bench: Bench;
let pager: Listening;
let api: Listening;
let client: SNSClient;

/** Of a suite: a service for each of its tests. */
export const useBench = (): void => {
  beforeAll(async () => {
    const server = createServer((request, response) => {
      void readBody(request, 1_000_000).then((body) => {
        const { received, answers } = bench;
        received.push({ headers: request.headers, body: body.toString() });
        const status = answers.length > 0 ? answers.shift() : 200;
        if (status === 0) request.socket.destroy();
        else if (status !== undefined) response.writeHead(status).end('ok');
      });
    });
    pager = await listen(server, { host: '127.0.0.1', port: 0 });
    api = await startTestApi({ publish: (publication) => bench.sns.publish(publication) });
    client = new SNSClient(clientOptions(api));
  });
  afterAll(async () => {
    client.destroy();
    await api.close();
    await pager.close();
  });
  beforeEach(() => {
    bench = new Bench(pager);
  });
  afterEach(async () => {
    await bench.sns.close();
    rmSync(bench.dataDir, { recursive: true, force: true });
  });
};

export const subscription = (changes: Partial<SubscriptionSpec>): SubscriptionSpec => ({
  arn: `${ARN}:one`,
  topicArn: ARN,
  protocol: 'https',
  endpoint: `${pager.url}/enqueue`,
  retries: 3,
  maxDelayMs: 20_000,
  deadLetterQueue: 'undelivered',
  ...changes,
});

export const publish = (input: Partial<PublishCommand['input']> = {}) =>
  client.send(new PublishCommand({ TopicArn: ARN, Message: 'It is on fire.', ...input }));
export const pending = (): readonly string[] => readdirSync(join(bench.dataDir, 'sns'));
export const nothingPending = () => until('nothing to be left', () => pending().length === 0);
