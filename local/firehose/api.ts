/** Firehose's PutRecord, by which the archive's stage writes. */
import { failure, json, readJson, type Answer, type ApiRequest } from '../common/answer.ts';
import { ACCOUNT } from '../template/physical.ts';
import { NoSuchDeliveryStream, type FirehoseService } from './service.ts';

/** Firehose's quota: bytes of a record. */
const MAX_RECORD = 1_024_000;

/** @returns undefined when the request is for something else */
export const answerFirehose = async (
  request: ApiRequest,
  firehose: Pick<FirehoseService, 'put'>,
): Promise<Answer | undefined> => {
  if (request.headers['x-amz-target'] !== 'Firehose_20150804.PutRecord') return undefined;
  const { DeliveryStreamName: name, Record: record } = readJson(request);
  const invalid = (message: string): Answer => failure(400, 'InvalidArgumentException', message);
  if (typeof name !== 'string') return invalid('DeliveryStreamName is missing');
  const text = (record as { Data?: unknown } | undefined)?.Data;
  if (typeof text !== 'string') return invalid('Record.Data is missing');
  const data = Buffer.from(text, 'base64');
  if (data.length > MAX_RECORD)
    return invalid(`the record has ${data.length} bytes; ${MAX_RECORD} are allowed`);
  try {
    return json(200, { RecordId: await firehose.put(name, data), Encrypted: true });
  } catch (error) {
    if (!(error instanceof NoSuchDeliveryStream)) throw error;
    const message = `Firehose ${name} under account ${ACCOUNT} not found.`;
    return failure(400, 'ResourceNotFoundException', message);
  }
};
