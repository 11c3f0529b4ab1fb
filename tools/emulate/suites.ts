/** Test suites that are pointed at the emulator, in a process each. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../local/common/settings.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { ENVIRONMENT } from './deploy.ts';

export interface Suite {
  readonly name: string;
  readonly pattern: string;
  /** The variable that has the emulator's address. */
  readonly variable: string;
  /** Jest's configuration of its own; absent: that of `npm test`. */
  readonly config?: string;
  /** The number of its tests that fail with moto 5.2.1: docs/emulators.md says why. */
  readonly known: number;
}

export const SUITES: readonly Suite[] = [
  { name: 'DynamoDB', pattern: 'test/aws/.*store', variable: 'AWS_ENDPOINT_URL_DYNAMODB', known: 1 },
  { name: 'SQS', pattern: 'test/contracts/sqs', variable: 'AWS_ENDPOINT_URL', known: 48 },
  {
    name: 'Destinations',
    pattern: 'test/emulated/kinds',
    variable: 'AWS_ENDPOINT_URL',
    config: 'test/emulated/jest.config.js',
    known: 0,
  },
];

export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
}

export const runSuite = async (
  { name, pattern, variable, config }: Suite,
  url: string,
  directory: string,
): Promise<SuiteResult> => {
  const outputFile = join(directory, `${name}.json`);
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const flags = ['--experimental-vm-modules', '--no-warnings'];
  const configured = config === undefined ? [] : ['-c', join(ROOT, config)];
  const args = [pattern, ...configured, '-w', '1', '--json', '--outputFile', outputFile];
  const { stderr } = await runProcess(process.execPath, [...flags, jest, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...ENVIRONMENT, [variable]: url },
  });
  const text = await readFile(outputFile, 'utf8').catch((error: unknown) => {
    throw new Error(`the suite ${pattern} did not run:\n${stderr}`, { cause: error });
  });
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(text) as {
    numPassedTests: number;
    numFailedTests: number;
  };
  return { passed, failed };
};
