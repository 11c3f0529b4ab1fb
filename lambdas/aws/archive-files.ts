/** The archive's files in S3: which there are of a time, and their lines. */
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { GetObjectCommand, paginateListObjectsV2, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { fileBegan, FILE_SPAN, HAND_OVER, hourFolder } from '../../contract/archive.ts';
import type { ArchiveFile, ArchiveFiles } from '../core/stage/replay-port.ts';
import { orFault } from './errors.ts';

const HOUR = 3_600_000;

/** A file is read for as long as it is used. */
const LIMITS = { connectionTimeout: 1_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

export const s3Archive = (
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  config: S3ClientConfig = {},
): ArchiveFiles => {
  // A stand-in knows buckets by their path, and no checksums.
  const isStandIn = process.env['AWS_ENDPOINT_URL_S3'] !== undefined;
  const client = new S3Client({ requestHandler: LIMITS, forcePathStyle: isStandIn, ...config });

  /** @param since files that were written before it have nothing of what came since */
  const folder = async (hour: number, since: number): Promise<readonly ArchiveFile[]> => {
    const found: ArchiveFile[] = [];
    const input = { Bucket: bucket, Prefix: `${prefix}${hourFolder(hour)}` };
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, input))
      for (const { Key: name = '', LastModified } of Contents) {
        const began = fileBegan(name);
        const isOver = LastModified !== undefined && LastModified.getTime() < since;
        if (began !== undefined && !isOver) found.push({ name, began });
      }
    return found;
  };

  return {
    files: async ({ from, until }) => {
      const first = from - FILE_SPAN;
      const found: ArchiveFile[] = [];
      for (let hour = Math.floor(first / HOUR) * HOUR; hour < until; hour += HOUR)
        found.push(...(await orFault(`ListObjectsV2 of "${bucket}"`, folder(hour, from - HAND_OVER))));
      return found.filter(({ began }) => began >= first && began < until);
    },
    lines: async function* ({ name }) {
      const what = `GetObject of "${bucket}/${name}"`;
      const { Body } = await orFault(what, client.send(new GetObjectCommand({ Bucket: bucket, Key: name })));
      if (Body === undefined) return;
      const file = Body as Readable;
      const unpacked = createGunzip();
      file.on('error', (error) => unpacked.destroy(error));
      const chunks = file.pipe(unpacked)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      const decoder = new TextDecoder();
      let rest = '';
      try {
        for (;;) {
          const next = await orFault(what, chunks.next());
          if (next.done === true) break;
          const lines = (rest + decoder.decode(next.value, { stream: true })).split('\n');
          rest = lines.pop() ?? '';
          yield* lines;
        }
        if (rest !== '') yield rest;
      } finally {
        file.destroy();
        unpacked.destroy();
      }
    },
  };
};
