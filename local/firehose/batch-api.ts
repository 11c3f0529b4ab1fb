/**
 * Firehose's PutRecordBatch: what is put to a delivery stream is added to the file `firehose/<stream>.ndjson` in the data directory, as Firehose
 * would write it: one record after another, with nothing between them.
 */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, json, readJson, type Answer, type ApiRequest } from '../common/answer.ts';
import { ACCOUNT } from '../template/physical.ts';

/** Firehose's quotas: records of a call, their bytes together, and those of one. */
const MAX_RECORDS = 500;
const MAX_CALL = 4_194_304;
const MAX_RECORD = 1_024_000;

/** @returns undefined when the request is for something else */
export const answerPutRecordBatch = async (
  request: ApiRequest,
  dataDir: string,
  streams: ReadonlySet<string>,
): Promise<Answer | undefined> => {
  if (request.headers['x-amz-target'] !== 'Firehose_20150804.PutRecordBatch') return undefined;
  const { DeliveryStreamName: stream, Records } = readJson(request);
  const invalid = (message: string): Answer => failure(400, 'ValidationException', message);
  if (typeof stream !== 'string') return invalid('DeliveryStreamName is missing');
  if (!streams.has(stream))
    return failure(
      400,
      'ResourceNotFoundException',
      `Firehose ${stream} under accountId ${ACCOUNT} not found.`,
    );
  const records = ((Records ?? []) as readonly { Data?: string }[]).map(({ Data = '' }) =>
    Buffer.from(Data, 'base64'),
  );
  if (records.length === 0 || records.length > MAX_RECORDS)
    return invalid(`Records: from 1 to ${MAX_RECORDS} are allowed`);
  if (records.some(({ length }) => length > MAX_RECORD))
    return invalid(`a record has more than ${MAX_RECORD} bytes`);
  if (records.reduce((sum, { length }) => sum + length, 0) > MAX_CALL)
    return failure(400, 'InvalidArgumentException', `the records have more than ${MAX_CALL} bytes`);
  const dir = join(dataDir, 'firehose');
  await mkdir(dir, { recursive: true });
  await appendFile(join(dir, `${stream}.ndjson`), Buffer.concat(records));
  return json(200, {
    FailedPutCount: 0,
    RequestResponses: records.map(() => ({ RecordId: randomUUID() })),
  });
};
