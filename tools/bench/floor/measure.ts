/** Ingest against the least that its work can cost, and its start against that of the AWS SDK. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { closing } from '../closing.ts';
import { measureOwnCode } from './own-code.ts';
import type { ColdResult, FloorResult } from './report.ts';
import { SHAPES } from './requests.ts';
import { loadVersions, type Version } from './versions.ts';
import { measureStarts, measureWhole } from './whole.ts';

const ROUNDS = 9;
const STARTS = 15;

type Print = (line: string) => void;

const withVersions = async <T>(
  beside: string | undefined,
  work: (versions: readonly Version[], dir: string) => Promise<T>,
): Promise<T> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  return closing(
    () => rm(dir, { recursive: true, force: true }),
    async () => work(await loadVersions(dir, beside && resolve(beside)), dir),
  );
};

/** @param beside another checkout of Sluice, measured in turn with this one */
export const measureFloor = (beside: string | undefined, print: Print): Promise<FloorResult> =>
  withVersions(beside, async (versions) => {
    const own = [];
    for (const shape of SHAPES) {
      print(`floor: ${shape.name}, ingest's own code ...`);
      own.push(await measureOwnCode(versions, shape, ROUNDS));
    }
    print('floor: with the call to SQS ...');
    const whole = await measureWhole(versions, SHAPES, ROUNDS);
    return { versions: versions.map(({ name }) => name), own, whole };
  });

export const measureCold = (beside: string | undefined, print: Print): Promise<ColdResult> =>
  withVersions(beside, async (versions, dir) => {
    print('cold: starts of ingest ...');
    return { starts: await measureStarts(dir, versions, STARTS) };
  });
