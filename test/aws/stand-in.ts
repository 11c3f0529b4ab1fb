/** Answers the SDK's clients for Lambda and SQS as a test says, and records the requests. */
import { createServer } from 'node:http';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { listen, readBody, type Listening } from '../../local/common/http.ts';

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Asked {
  readonly path: string | undefined;
  readonly type: unknown;
  readonly body: unknown;
}

export const failed = (type: string, status: number): Answer => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: { message: 'as it is' },
});

export class StandIn {
  /** `silent`: the request is never answered. */
  answer: Answer | 'silent' = {};
  readonly asked: Asked[] = [];
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;
  readonly #server: Listening;

  private constructor(server: Listening) {
    this.#server = server;
    this.lambda = new LambdaClient(this.limits(30_000));
    this.sqs = new SQSClient(this.limits(30_000));
  }

  static async open(): Promise<StandIn> {
    const http = createServer((request, response) => {
      void readBody(request, 1_000_000).then((text) => {
        standIn.asked.push({
          path: request.url,
          type: request.headers['x-amz-invocation-type'],
          body: text.length === 0 ? undefined : JSON.parse(text.toString()),
        });
        const { answer } = standIn;
        if (answer === 'silent') return;
        response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
        response.end(JSON.stringify(answer.body ?? {}));
      });
    });
    const standIn = new StandIn(await listen(http, { host: '127.0.0.1', port: 0 }));
    return standIn;
  }

  get url(): string {
    return this.#server.url;
  }

  /** The configuration of a client that calls it. */
  limits(requestTimeout: number) {
    return {
      endpoint: this.url,
      region: 'local',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
      requestHandler: { requestTimeout, throwOnRequestTimeout: true },
    };
  }

  async close(): Promise<void> {
    this.lambda.destroy();
    this.sqs.destroy();
    await this.#server.close();
  }
}
