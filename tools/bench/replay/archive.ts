/** Puts the past into the archive of a local run, in files as Firehose writes them. */
import { readdir, utimes } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { hourFolder } from '../../../contract/archive.ts';
import { objectName } from '../../../local/firehose/service.ts';
import { S3Service } from '../../../local/s3/service.ts';
import type { Past } from './past.ts';

/** Where the pipeline's own stream puts its objects. */
interface Place {
  readonly bucket: string;
  readonly name: string;
  readonly prefix: string;
}

const compress = promisify(gzip);

const FOLDER = new RegExp(hourFolder(0).replaceAll(/\d+/g, String.raw`\d+`));

/** @returns undefined while there is no object */
export const placeOfArchive = async (dataDir: string): Promise<Place | undefined> => {
  const root = join(dataDir, 's3');
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const object = entries.find(({ name }) => name.endsWith('.gz'));
  if (object === undefined) return undefined;
  const [bucket = '', ...path] = relative(root, join(object.parentPath, object.name)).split(sep);
  const [prefix = '', file = ''] = path.join('/').split(FOLDER);
  const [, name = ''] = /^(.+)-1-\d{4}-/.exec(file) ?? [];
  return { bucket, name, prefix };
};

/** @returns bytes of the lines, and of the files */
export const fillArchive = async (
  past: Past,
  source: string,
  dataDir: string,
  { bucket, ...stream }: Place,
): Promise<{ readonly files: number; readonly bytes: number; readonly compressed: number }> => {
  const s3 = new S3Service(dataDir);
  let [files, bytes, compressed] = [0, 0, 0];
  for (const { began, ended, lines } of past.files(source)) {
    const data = await compress(lines);
    const object = objectName(stream, began, `past-${files}`);
    await s3.put(bucket, object, data);
    // A replay does not read what was written before the time that it looks for.
    await utimes(join(dataDir, 's3', bucket, object), ended / 1_000, ended / 1_000);
    files += 1;
    bytes += lines.length;
    compressed += data.length;
  }
  return { files, bytes, compressed };
};
