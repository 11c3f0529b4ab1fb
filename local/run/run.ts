/** The local run, whole: from the settings to a pipeline that answers, and back. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { ConfigError, type ResolvedConfig } from '../../config/index.ts';
import { loadConfig } from '../../config/load.ts';
import { startApi, type GatewayResponse } from '../api-gateway/service.ts';
import { LocalCloud } from './cloud.ts';
import { startConsole, type ConsoleActions } from '../console/server.ts';
import { flowSince } from './flow.ts';
import type { Listening } from '../common/http.ts';
import { lockDataDir } from './lock.ts';
import { exposedDataDir, exposedSecrets } from './private-data.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { HOST, UsageError, type Settings } from '../common/settings.ts';
import { copyAssembly, synthesize } from './synth.ts';

export interface LocalRun {
  readonly config: ResolvedConfig;
  readonly dataPlaneUrl: string;
  readonly consoleUrl: string;
  close(): Promise<void>;
}

/** Takes what the user should see, with the part of the run that reports it. */
type OnTrouble = (source: string, line: string) => void;

/** Until the functions are there, SDKs are asked to retry. */
const STARTING: GatewayResponse = {
  type: 'INTEGRATION_FAILURE',
  status: 503,
  // As all answers of the template's: a page could not see otherwise that it should try again.
  headers: { 'retry-after': '1', 'access-control-allow-origin': '*' },
  body: 'starting',
};

/** @throws UsageError, ConfigError: each a few lines that say what to fix */
export const startLocalRun = async (settings: Settings, onTrouble: OnTrouble): Promise<LocalRun> => {
  const { config } = await loadConfig(settings.configPath, settings.controlInterval);
  const release = await lockDataDir(settings.dataDir);
  const undo: (() => Promise<void> | void)[] = [release];
  const close = async (): Promise<void> => {
    for (const step of undo.reverse()) await step();
  };
  try {
    return { ...(await start(settings, onTrouble, undo)), config, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const start = async (
  settings: Settings,
  onTrouble: OnTrouble,
  undo: (() => Promise<void> | void)[],
): Promise<Pick<LocalRun, 'dataPlaneUrl' | 'consoleUrl'>> => {
  const { dataDir, port, consolePort } = settings;
  const opened = <T extends { close(): Promise<void> }>(part: T): T => {
    undo.push(() => part.close());
    return part;
  };
  // The ports first: one that is taken should be reported immediately, and not after a synthesis.
  const running: { cloud?: LocalCloud } = {};
  const api: Listening = opened(
    await startApi(
      {
        stage: () => running.cloud?.stack?.api.stage ?? '',
        responses: () => running.cloud?.stack?.api.responses ?? [STARTING],
        invoke: async (event) =>
          (await running.cloud?.invokeApi(event)) ?? { ok: false, type: 'INTEGRATION_FAILURE' },
        onAnswered: (status, ms) => running.cloud?.countAnswer(status, ms),
      },
      { host: HOST, port, choose: 'set SLUICE_PORT' },
    ),
  );
  const console = opened(
    await startConsole(
      consoleActions(() => running.cloud, settings, onTrouble),
      { host: HOST, port: consolePort, choose: 'set SLUICE_CONSOLE_PORT' },
    ),
  );
  const exposed = await exposedDataDir(dataDir);
  if (exposed !== undefined) onTrouble('data', exposed);
  // What earlier deployments left there; no function runs yet.
  await rm(join(dataDir, 'cdk.out'), { recursive: true, force: true });
  const [{ assembly }, started] = await Promise.all([
    freshAssembly(settings, onTrouble),
    LocalCloud.start({ settings, onTrouble }),
  ]);
  opened(started);
  await started.deploy(assembly);
  running.cloud = started;
  await writeRunFile(dataDir, {
    pid: process.pid,
    dataPlaneUrl: api.url,
    consoleUrl: console.url,
    apiUrl: started.endpoints.api,
    accessKeyId: started.credentials.accessKeyId,
    controlFunction: started.controlFunction,
  });
  undo.push(() => removeRunFile(dataDir));
  return { dataPlaneUrl: api.url, consoleUrl: console.url };
};

/** @param cloud undefined until it is up */
const consoleActions = (
  cloud: () => LocalCloud | undefined,
  settings: Settings,
  onTrouble: OnTrouble,
): ConsoleActions => {
  const oneAtATime = pLimit(1);
  const up = (): LocalCloud => {
    const found = cloud();
    if (found === undefined) throw new UsageError('the local run is still starting');
    return found;
  };
  // Each is asynchronous, so that what is thrown reaches the caller.
  return {
    status: async () => {
      const found = cloud();
      if (found === undefined) return { queues: [], endpoints: {} };
      const { sqs, dynamodb, api: apiUrl } = found.endpoints;
      const { controlFunction } = found;
      return { queues: await found.queues(), endpoints: { sqs, dynamodb, apiUrl, controlFunction } };
    },
    redeploy: ({ unchecked }) =>
      oneAtATime(async () => {
        const checkTransforms = settings.checkTransforms && !unchecked;
        const { assembly, warnings } = await freshAssembly({ ...settings, checkTransforms }, onTrouble);
        await up().deploy(assembly);
        return { deployed: true, warnings };
      }),
    control: async (request) => up().invokeControl(request),
    metrics: async (from) => Promise.resolve(flowSince(up().metrics, from, up().stageQueues, Date.now())),
    alarms: async () => Promise.resolve(up().alarms()),
  };
};

/** Warnings of the configuration are also reported in the terminal of the run. */
const freshAssembly = async (
  settings: Settings,
  onTrouble: OnTrouble,
): Promise<{ assembly: string; warnings: readonly string[] }> => {
  const { configPath, controlInterval, dataDir } = settings;
  let warnings: readonly string[];
  try {
    ({ warnings } = await loadConfig(configPath, controlInterval));
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
  for (const warning of warnings) onTrouble('config', warning);
  const exposed = await exposedSecrets(dataDir);
  if (exposed !== undefined) onTrouble('secrets', exposed);
  const made = await synthesize(settings);
  // With the data: the cache may drop its copy while functions still run from it.
  const assembly = join(dataDir, 'cdk.out');
  await copyAssembly(made, assembly);
  return { assembly, warnings };
};
