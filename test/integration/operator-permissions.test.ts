/** Reading, content and operating, in the deployed bundle: each through its alias, as IAM would let one in. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { InvokeCommand, LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PERMISSIONS, type Permission } from '../../contract/permissions.ts';
import { readRunFile } from '../../local/run/run-file.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { until } from '../../tools/driver/until.ts';
import { startLocalRun } from '../support/local-run.ts';
import { NOWHERE } from '../support/nowhere.ts';

let run: LocalRun;
let lambda: LambdaClient;
let control: string;

beforeAll(async () => {
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [{ id: 'crm', type: 'webhook', url: NOWHERE }],
    },
  });
  const file = await readRunFile(run.dataDir);
  control = file.controlFunction;
  lambda = new LambdaClient({
    region: 'us-east-1',
    endpoint: run.apiUrl,
    credentials: { accessKeyId: run.accessKeyId, secretAccessKey: 'any' },
    maxAttempts: 1,
  });
});

/** @param alias undefined: the function itself */
const invoke = async (alias: Permission | undefined, event: object): Promise<unknown> => {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({
      FunctionName: control,
      Payload: JSON.stringify(event),
      ...(alias === undefined ? {} : { Qualifier: alias }),
    }),
  );
  const answer: unknown = JSON.parse(Payload?.transformToString() ?? '');
  return FunctionError === undefined ? answer : { FunctionError, answer };
};

const HOLD = { command: 'hold', stage: 'crm', reason: 'bad import', by: 'ada@laptop' };

describe('control', () => {
  it('shows the state through each alias, and by its own name', async () => {
    for (const alias of [...PERMISSIONS, undefined])
      expect(await invoke(alias, { command: 'status' })).toMatchObject({ ok: true });
  });

  it('shows content through content alone, and changes through operate alone', async () => {
    const content = { command: 'rejected', content: true };
    for (const alias of PERMISSIONS) {
      expect(await invoke(alias, content)).toMatchObject({ ok: alias === 'content' });
      expect(await invoke(alias, HOLD)).toMatchObject({ ok: alias === 'operate' });
    }
    expect(await invoke('read', HOLD)).toMatchObject({
      refused: expect.stringContaining('needs the permission "operate"') as unknown,
    });
    expect(await invoke(undefined, { command: 'resume', stage: 'crm' })).toMatchObject({ ok: true });
  });

  it('takes the events of the schedule, SNS and CloudFormation by its own name alone', async () => {
    const scheduled = { source: 'aws.events' };
    const resource = { RequestType: 'Delete', ResponseURL: NOWHERE, ResourceProperties: { Alarms: [] } };
    for (const alias of PERMISSIONS)
      for (const event of [scheduled, resource, { command: 'status', ...resource }])
        expect(await invoke(alias, event)).toMatchObject({ ok: false });
    expect(await invoke(undefined, scheduled)).toBeNull();
  });

  it('has no other alias', async () => {
    await expect(invoke('erase' as Permission, { command: 'status' })).rejects.toThrow(
      ResourceNotFoundException,
    );
  });

  it('logs what it refuses, with who asked', async () => {
    await until('the line of the refused hold', () =>
      readFileSync(join(run.dataDir, 'logs', `${control}.log`), 'utf8')
        .split('\n')
        .filter((line) => line.includes('an invocation was refused'))
        .some((line) => line.includes('"needed":"operate","alias":"read","by":"ada@laptop"')),
    );
  });

  it('answers npx sluice, which uses the aliases', async () => {
    expect(await run.sluice('hold', 'crm', '--reason', 'test')).toMatchObject({ code: 0 });
    expect(await run.sluice('resume', 'crm')).toMatchObject({ code: 0 });
  });
});
