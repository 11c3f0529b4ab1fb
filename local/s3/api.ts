/** S3's ListObjectsV2 and GetObject, with the bucket in the path. */
import type { Answer, ApiRequest } from '../common/answer.ts';
import type { ObjectView, S3Service } from './service.ts';

const PAGE = 1_000;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const xml = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
});

const contents = ({ key, size, modified }: ObjectView): string =>
  `<Contents><Key>${escaped(key)}</Key><Size>${size}</Size><LastModified>${new Date(modified).toISOString()}</LastModified></Contents>`;

const listed = async (
  bucket: string,
  query: URLSearchParams,
  s3: Pick<S3Service, 'list'>,
): Promise<Answer> => {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? '';
  const all = (await s3.list(bucket, prefix)).filter(({ key }) => key > after);
  const page = all.slice(0, PAGE);
  const more = all.length > page.length;
  const last = page.at(-1)?.key ?? '';
  return xml(
    200,
    `<ListBucketResult><Name>${escaped(bucket)}</Name><Prefix>${escaped(prefix)}</Prefix><KeyCount>${page.length}</KeyCount>` +
      `<MaxKeys>${PAGE}</MaxKeys><IsTruncated>${String(more)}</IsTruncated>` +
      (more ? `<NextContinuationToken>${escaped(last)}</NextContinuationToken>` : '') +
      `${page.map(contents).join('')}</ListBucketResult>`,
  );
};

/** Its requests are signed for the service `s3`. */
const isForS3 = ({ authorization }: ApiRequest['headers']): boolean =>
  typeof authorization === 'string' && /Credential=[^,\s]*\/s3\/aws4_request/.test(authorization);

/** @returns undefined when the request is for something else */
export const answerS3 = async (
  { method, path, query, headers }: ApiRequest,
  s3: Pick<S3Service, 'list' | 'get'>,
): Promise<Answer | undefined> => {
  if (method !== 'GET' || !isForS3(headers)) return undefined;
  const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(path)) ?? [];
  if (query.get('list-type') === '2' && key === '') return listed(bucket, query, s3);
  const bytes = await s3.get(bucket, key);
  return bytes === undefined
    ? xml(404, `<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>`)
    : { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: '', bytes };
};
