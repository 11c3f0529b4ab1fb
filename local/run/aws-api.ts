/**
 * One endpoint for the few calls that the functions and the command line make of Lambda, SNS, CloudWatch, Secrets Manager, Kinesis, Firehose, EventBridge and S3,
 * as their SDK clients expect them.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { withCredentials, type Credentials } from '../common/access.ts';
import type { Datum } from '../cloudwatch/metric-store.ts';
import { listen, readBody, type Listening } from '../common/http.ts';
import { HOST } from '../common/settings.ts';
import type { Publication } from '../sns/service.ts';
import { toListener } from '../common/server.ts';
import { failure, type Answer, type ApiRequest } from '../common/answer.ts';
import { answerCloudWatch } from '../cloudwatch/api.ts';
import { answerEvents } from '../events/bus.ts';
import { answerFirehose } from '../firehose/api.ts';
import { answerPutRecordBatch } from '../firehose/batch-api.ts';
import type { FirehoseService } from '../firehose/service.ts';
import type { S3Service } from '../s3/service.ts';
import { answerKinesis } from '../kinesis/api.ts';
import type { KinesisService } from '../kinesis/service.ts';
import { answerInvoke, type InvokeActions } from '../lambda/invoke-api.ts';
import { answerMappings, type MappingActions } from '../lambda/mappings-api.ts';
import { answerS3 } from '../s3/api.ts';
import { answerPutObject } from '../s3/put-api.ts';
import { answerSecrets } from '../secrets-manager/api.ts';
import { answerSns } from '../sns/api.ts';
import type { DestinationTopics } from '../sns/topics.ts';

export interface AwsApiOptions extends MappingActions, InvokeActions {
  readonly dataDir: string;
  /** Those of the callers; others are refused. */
  readonly credentials: Credentials;
  readonly publish: (publication: Publication) => Promise<string>;
  readonly topics: Pick<DestinationTopics, 'has' | 'publish'>;
  readonly kinesis: Pick<KinesisService, 'put'>;
  /** Names of those that destinations send to. */
  readonly deliveryStreams: () => ReadonlySet<string>;
  readonly buckets: () => ReadonlySet<string>;
  readonly firehose: Pick<FirehoseService, 'put'>;
  readonly s3: Pick<S3Service, 'list' | 'get'>;
  readonly putMetric: (datum: Datum) => void;
}

/** Lambda's payload is the largest; more is refused with its own error. */
const MAX_BODY = 8 * 1024 * 1024;

export const startAwsApi = async (options: AwsApiOptions): Promise<Listening> => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    write(response, await answer(request, options));
  const server = createServer(
    toListener(withCredentials(options.credentials, handle), (error, response) =>
      write(response, failure(500, 'ServiceException', String(error))),
    ),
  );
  return listen(server, { host: HOST, port: 0 });
};

const write = (response: ServerResponse, { status, headers, body, bytes }: Answer): void => {
  response.writeHead(status, headers);
  response.end(bytes ?? body);
};

const answer = async (incoming: IncomingMessage, options: AwsApiOptions): Promise<Answer> => {
  const { method = '', url = '/', headers } = incoming;
  const body = await readBody(incoming, MAX_BODY);
  const request: ApiRequest = {
    method,
    path: url.replace(/\?.*$/s, ''),
    query: new URLSearchParams(/\?(.*)$/s.exec(url)?.[1]),
    headers,
    // Clients compress what is large.
    body: headers['content-encoding'] === 'gzip' ? await promisify(gunzip)(body) : body,
  };
  const found =
    // First: an object may have any name.
    (await answerS3(request, options.s3)) ??
    (await answerPutObject(request, options.dataDir, options.buckets())) ??
    (await answerInvoke(request, options)) ??
    answerMappings(request, options) ??
    (await answerKinesis(request, options.kinesis)) ??
    (await answerFirehose(request, options.firehose)) ??
    (await answerEvents(request, options.dataDir)) ??
    (await answerPutRecordBatch(request, options.dataDir, options.deliveryStreams())) ??
    (await answerSecrets(request, options.dataDir)) ??
    answerCloudWatch(request, options.putMetric) ??
    (await answerSns(request, options.publish, options.topics));
  if (found !== undefined) return found;
  const target = headers['x-amz-target'];
  const what = typeof target === 'string' ? target : `${method} ${request.path}`;
  return failure(400, 'UnknownOperationException', `the local run does not know ${what}`);
};
