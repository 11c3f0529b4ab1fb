/** S3's PutObject: an object is the file `s3/<bucket>/<key>` in the data directory, and each that is put a line of `s3/<bucket>.ndjson`. */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Answer, ApiRequest } from '../common/answer.ts';

const failed = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

const isForS3 = ({ method, headers }: ApiRequest): boolean =>
  method === 'PUT' && /\/s3\/aws4_request\b/.test(String(headers['authorization']));

/** @returns undefined when the request is for something else */
export const answerPutObject = async (
  request: ApiRequest,
  dataDir: string,
  buckets: ReadonlySet<string>,
): Promise<Answer | undefined> => {
  if (!isForS3(request)) return undefined;
  const [, bucket = '', key = ''] = /^\/([^/]+)\/(.+)$/.exec(decodeURIComponent(request.path)) ?? [];
  if (!buckets.has(bucket)) return failed(404, 'NoSuchBucket', 'The specified bucket does not exist');
  const dir = join(dataDir, 's3', bucket);
  const file = join(dir, key);
  if (key === '' || !file.startsWith(`${dir}${sep}`))
    return failed(400, 'InvalidURI', "Couldn't parse the specified URI.");
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, request.body);
  const line = JSON.stringify({ key, bytes: request.body.length, at: Date.now() });
  await appendFile(`${dir}.ndjson`, `${line}\n`);
  return { status: 200, headers: {}, body: '' };
};
