/** Mappings and secrets of the local AWS API, by the SDK's own clients. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ListFunctionsCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MappingUpdate, MappingView } from '../../../local/lambda/mappings-api.ts';
import type { Listening } from '../../../local/common/http.ts';
import { CREDENTIALS } from '../../support/credentials.ts';
import { startTestApi } from './test-api.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'sluice-aws-'));
const writeSecrets = (text: string): void => writeFileSync(join(dataDir, 'secrets.json'), text);

let mapping: MappingView;
let inTransition: boolean;
let updates: [string, MappingUpdate][];
let api: Listening;
let lambda: LambdaClient;
let secrets: SecretsManagerClient;

beforeAll(async () => {
  api = await startTestApi({
    dataDir,
    mapping: (id) => (id === 'known' ? mapping : undefined),
    updateMapping: (id, change) => {
      if (inTransition) return false;
      updates.push([id, change]);
      return true;
    },
  });
  const options = {
    endpoint: api.url,
    region: 'us-east-1',
    credentials: CREDENTIALS,
    maxAttempts: 1,
  };
  lambda = new LambdaClient(options);
  secrets = new SecretsManagerClient(options);
});

afterAll(async () => {
  lambda.destroy();
  secrets.destroy();
  await api.close();
  rmSync(dataDir, { recursive: true, force: true });
});

beforeEach(() => {
  mapping = { state: 'Enabled', maximumConcurrency: 10, functionArn: 'arn:function', queueArn: 'arn:queue' };
  inTransition = false;
  updates = [];
});

describe('event source mappings', () => {
  it('are described', async () => {
    expect(await lambda.send(new GetEventSourceMappingCommand({ UUID: 'known' }))).toMatchObject({
      UUID: 'known',
      State: 'Enabled',
      FunctionArn: 'arn:function',
      EventSourceArn: 'arn:queue',
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });

  it('without a maximum have none', async () => {
    mapping = { ...mapping, maximumConcurrency: undefined };
    const { ScalingConfig } = await lambda.send(new GetEventSourceMappingCommand({ UUID: 'known' }));
    expect(ScalingConfig).toEqual({});
  });

  it('are changed, in what the call names and nothing else', async () => {
    const update = (change: object) =>
      lambda.send(new UpdateEventSourceMappingCommand({ UUID: 'known', ...change }));
    await update({ Enabled: false, ScalingConfig: { MaximumConcurrency: 2 } });
    await update({ Enabled: true });
    expect(await update({ ScalingConfig: { MaximumConcurrency: 5 } })).toMatchObject({ UUID: 'known' });
    expect(updates).toEqual([
      ['known', { enabled: false, maximumConcurrency: 2 }],
      ['known', { enabled: true }],
      ['known', { maximumConcurrency: 5 }],
    ]);
  });

  it('in transition refuse, by the name that AWS uses', async () => {
    inTransition = true;
    await expect(
      lambda.send(new UpdateEventSourceMappingCommand({ UUID: 'known', Enabled: false })),
    ).rejects.toThrow(ResourceInUseException);
  });

  it.each([
    ['read', () => lambda.send(new GetEventSourceMappingCommand({ UUID: 'other' }))],
    ['changed', () => lambda.send(new UpdateEventSourceMappingCommand({ UUID: 'other', Enabled: true }))],
  ])('that do not exist cannot be %s', async (_, call) => {
    await expect(call()).rejects.toThrow(ResourceNotFoundException);
    expect(updates).toEqual([]);
  });

  it('an unsupported call is refused with a message', async () => {
    await expect(lambda.send(new ListFunctionsCommand())).rejects.toThrow(
      'the local run does not know GET /2015-03-31/functions',
    );
  });
});

describe('secrets', () => {
  const read = async (SecretId: string) =>
    (await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  const file = join(dataDir, 'secrets.json');

  it('are read from secrets.json as it is at each call', async () => {
    writeSecrets('{"token":"one"}');
    expect(await read('token')).toBe('one');
    writeSecrets('{"token":"two"}');
    expect(await read('token')).toBe('two');
  });

  it.each([
    ['that are not there', '{"other":"x"}'],
    ['that are no text', '{"token":{"a":1}}'],
    ['of a file that holds no object', 'null'],
  ])('%s are not found, and the error names the file to fix', async (_, text) => {
    writeSecrets(text);
    await expect(read('token')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `there is no secret token; add it to ${file}`,
    });
  });

  it('a file that is not there holds none', async () => {
    rmSync(file, { force: true });
    await expect(read('token')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('a file that is not JSON is named', async () => {
    writeSecrets('{"token": ');
    await expect(read('token')).rejects.toThrow(`${file} is not JSON`);
  });
});
