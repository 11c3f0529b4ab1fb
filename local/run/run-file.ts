/** `run.json` in the data directory: how the command line finds the local run that is up. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../common/files.ts';
import { UsageError } from '../common/settings.ts';
import type { DescribedPipeline } from './described.ts';

export interface RunFile {
  readonly pid: number;
  readonly dataPlaneUrl: string;
  readonly consoleUrl: string;
  /** Where Lambda, SNS, CloudWatch and Secrets Manager are, as `AWS_ENDPOINT_URL_LAMBDA` and so on. */
  readonly apiUrl: string;
  /** Of this run: the access key id with which its AWS services let a caller in. Any secret key will do. */
  readonly accessKeyId: string;
  /** The name of the function that takes the operator's requests. */
  readonly controlFunction: string;
  /** For those who send events to it. Absent in the file of a version that did not say it. */
  readonly sources?: DescribedPipeline['sources'];
}

/** It holds what lets a caller in. */
const OWNER_ONLY = 0o600;

export const pathIn = (dataDir: string): string => join(dataDir, 'run.json');

export const writeRunFile = (dataDir: string, run: RunFile): Promise<void> =>
  replaceFile(pathIn(dataDir), `${JSON.stringify(run, undefined, 2)}\n`, OWNER_ONLY);

export const removeRunFile = (dataDir: string): Promise<void> => rm(pathIn(dataDir), { force: true });

/** @throws UsageError when none is there */
export const readRunFile = async (dataDir: string): Promise<RunFile> => {
  const text = await readFile(pathIn(dataDir), 'utf8').catch(() => undefined);
  if (text === undefined)
    throw new UsageError(`no local run has its data in ${dataDir}; start it with npm start`);
  return JSON.parse(text) as RunFile;
};
