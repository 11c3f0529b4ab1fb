/** Kinesis's PutRecord. */
import { failure, json, readJson, type Answer, type ApiRequest } from '../common/answer.ts';
import { ACCOUNT, lastPart } from '../template/physical.ts';
import { NoSuchStream, type KinesisService } from './service.ts';

/** Kinesis's quotas: characters, and bytes of a record by default. */
const MAX_KEY = 256;
const MAX_RECORD = 1_048_576;

const SEQUENCE_NUMBER = /^(?:0|[1-9]\d{0,128})$/;

/** @returns undefined when the request is for something else */
export const answerKinesis = async (
  request: ApiRequest,
  kinesis: Pick<KinesisService, 'put'>,
): Promise<Answer | undefined> => {
  if (request.headers['x-amz-target'] !== 'Kinesis_20131202.PutRecord') return undefined;
  const { StreamARN, PartitionKey, Data, SequenceNumberForOrdering: after } = readJson(request);
  const invalid = (name: string, message: string): Answer => failure(400, name, message);
  if (typeof StreamARN !== 'string') return invalid('ValidationException', 'StreamARN is missing');
  const stream = lastPart(StreamARN);
  if (typeof PartitionKey !== 'string' || PartitionKey === '' || PartitionKey.length > MAX_KEY)
    return invalid('ValidationException', "Value at 'partitionKey' failed to satisfy constraint");
  if (typeof Data !== 'string') return invalid('ValidationException', "Value at 'data' is missing");
  const data = Buffer.from(Data, 'base64');
  if (data.length + Buffer.byteLength(PartitionKey) > MAX_RECORD)
    return invalid('ValidationException', `the record has ${data.length} bytes; ${MAX_RECORD} are allowed`);
  if (after !== undefined && !(typeof after === 'string' && SEQUENCE_NUMBER.test(after)))
    return invalid('InvalidArgumentException', 'SequenceNumberForOrdering is not a sequence number');
  try {
    const SequenceNumber = await kinesis.put(stream, { partitionKey: PartitionKey, data });
    return json(200, { SequenceNumber, ShardId: 'shardId-000000000000' });
  } catch (error) {
    if (!(error instanceof NoSuchStream)) throw error;
    return failure(400, 'ResourceNotFoundException', `Stream ${stream} under account ${ACCOUNT} not found.`);
  }
};
