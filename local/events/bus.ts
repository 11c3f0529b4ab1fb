/** EventBridge's PutEvents: what is put on a bus is a line of `eventbridge/<bus>.ndjson` in the data directory. Rules are not run. */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, json, readJson, type Answer, type ApiRequest } from '../common/answer.ts';
import { lastPart } from '../template/physical.ts';

/** EventBridge's quotas: entries of a call, and their bytes. */
const MAX_ENTRIES = 10;
const MAX_BYTES = 262_144;

interface Entry {
  readonly EventBusName?: string;
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
}

const sizeOf = ({ Source = '', DetailType = '', Detail = '' }: Entry): number =>
  [Source, DetailType, Detail].reduce((sum, text) => sum + Buffer.byteLength(text), 0);

const parsed = (text = ''): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** @returns undefined when the request is for something else */
export const answerEvents = async (request: ApiRequest, dataDir: string): Promise<Answer | undefined> => {
  if (request.headers['x-amz-target'] !== 'AWSEvents.PutEvents') return undefined;
  const entries = (readJson(request)['Entries'] ?? []) as readonly Entry[];
  if (entries.length === 0 || entries.length > MAX_ENTRIES)
    return failure(400, 'ValidationException', `Entries: from 1 to ${MAX_ENTRIES} are allowed`);
  if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > MAX_BYTES)
    return failure(
      400,
      'ValidationException',
      `Total size of the entries in the request is over the limit of ${MAX_BYTES}`,
    );
  const dir = join(dataDir, 'eventbridge');
  await mkdir(dir, { recursive: true });
  const answers: object[] = [];
  for (const entry of entries) {
    const { EventBusName = 'default', Source, DetailType, Detail } = entry;
    const detail = parsed(Detail);
    if (Source === undefined || DetailType === undefined || typeof detail !== 'object' || detail === null) {
      answers.push({ ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' });
      continue;
    }
    const id = randomUUID();
    const line = JSON.stringify({ id, source: Source, 'detail-type': DetailType, detail });
    await appendFile(join(dir, `${lastPart(EventBusName)}.ndjson`), `${line}\n`);
    answers.push({ EventId: id });
  }
  const failed = answers.filter((one) => 'ErrorCode' in one).length;
  return json(200, { FailedEntryCount: failed, Entries: answers });
};
